// A command's input: streams, environment, and the ways to speak. Results go to stdout, everything else to stderr.
import { styleText } from 'node:util';
import { readLogLevel } from '../shared/log-settings.ts';
import { createLogger, type Logger, silentLogger } from '../shared/logger.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export type Style = Parameters<typeof styleText>[0];

export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Logs of the parts: silent, unless --verbose. */
  readonly logger: Logger;
  /** A line for people; nothing with --json. */
  print(line: string): void;
  /** The result, with --json; nothing without. */
  printJson(value: unknown): void;
  /** Colours `text` on a terminal that wants it. */
  style(style: Style, text: string): string;
  /** Overwrites one line of the terminal; '' clears it. Nothing without a terminal. */
  progress(text: string): void;
}

export function createContext({ json = false, verbose = false }: GlobalOptions): Context {
  const { env, stdin, stdout, stderr } = process;
  return {
    env,
    isJson: json,
    isVerbose: verbose,
    canAsk: stdin.isTTY === true,
    logger: verbose ? createLogger('cli', readLogLevel(env, 'debug')) : silentLogger(),
    print: (line) => {
      if (!json) stdout.write(`${line}\n`);
    },
    printJson: (value) => {
      if (json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    style: (format, text) => styleText(format, text, { stream: stdout }), // knows NO_COLOR and terminals
    progress: (text) => {
      if (stderr.isTTY && !json) stderr.write(`\r\x1b[K${text}`);
    },
  };
}
