// run.json: where a running `npm start` answers, for the command line. Holds a password: mode 0600. It is believed
// only while the folder's lock is held, so one that a killed start left behind misleads nobody.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isLocked } from './folder-lock.ts';

export interface RunFile {
  readonly pid: number;
  readonly startedAt: string;
  readonly apiUrl: string;
  /** The S3 that clients use (behind the keeper, when it is embedded); null for AWS. */
  readonly s3Url: string | null;
  /** The bare emulator behind the keeper, for tests and for looking behind the curtain; null when there is none. */
  readonly emulatorUrl: string | null;
  readonly databaseUrl: string;
}

export function writeRunFile(file: string, run: RunFile): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The file's content, whether or not it still holds; undefined when there is none or it is cut off. */
export function readRunFile(file: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunFile;
  } catch {
    return undefined; // not there, or half written by a start that was killed: says nothing either way
  }
}

/** The start that runs in a data folder now, or undefined. */
export function findRunning(layout: { readonly lock: string; readonly runFile: string }): RunFile | undefined {
  const run = readRunFile(layout.runFile);
  return run && isLocked(layout.lock) ? run : undefined;
}
