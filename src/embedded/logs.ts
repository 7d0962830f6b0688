// Directs the parts' logs under `npm start`: all as JSON to a file, warnings and errors as one line each to the
// terminal. So the summary stays readable.
import { renameSync, statSync } from 'node:fs';
import pino, { type DestinationStream } from 'pino';
import type { Logger } from '../shared/logger.ts';

const fileLimitBytes = 8 * 1024 ** 2;

/** A logger for each part; `level` holds for the file. */
export function createLogs(file: string, level = 'info'): (part: string) => Logger {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > fileLimitBytes) renameSync(file, `${file}.1`);
  const toFile = pino.destination({ dest: file, append: true, sync: true, mkdir: true });
  toFile.on('error', () => {}); // a full disk is told by who keeps things there; it must not end the process here
  const base = pino(
    { level: 'trace', timestamp: pino.stdTimeFunctions.isoTime, base: {} },
    pino.multistream([
      { level: level as pino.Level, stream: toFile },
      { level: 'warn', stream: terminal },
    ]),
  );
  return (part) => base.child({ part });
}

interface Line {
  readonly level: number;
  readonly part?: string;
  readonly msg?: string;
  readonly reason?: string;
  readonly err?: { readonly message?: string };
}

const terminal: DestinationStream = {
  write(text) {
    const { level, part, msg, reason, err } = JSON.parse(text) as Line;
    const why = reason ?? err?.message;
    process.stderr.write(`${level >= 50 ? '✗' : '!'} ${part}: ${msg}${why ? ` (${why})` : ''}\n`);
  },
};
