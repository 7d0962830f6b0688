// A part of the system under test as a process group of its own, so that SIGKILL takes all of it at once.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { endWithUs } from './end-with-us.ts';
import { waitFor } from './wait-for.ts';

/** A part that can be killed at any moment and started again on the same data. */
export interface Part {
  readonly name: string;
  /** Starts it unless it runs; resolves when it is ready, was killed, or `isGivenUp`. @throws when it ends by itself */
  start(isGivenUp?: () => boolean): Promise<void>;
  /** SIGKILL, unless it is dead already; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, the orderly way; resolves with the exit code, null where there is none. */
  stop(): Promise<number | null>;
}

/** A part that can be made to hang. */
export interface HangingPart extends Part {
  /** SIGSTOP: it neither answers nor breaks its connections. */
  hang(): Promise<void>;
  /** SIGCONT. */
  resume(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  /** The program that runs the script. @default this Node */
  readonly program?: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
}

export function createChild(options: ChildOptions): HangingPart {
  let child: ChildProcess | undefined;
  const isAlive = (one: ChildProcess) => one.exitCode === null && one.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    child = undefined;
    if (!ending?.pid || !isAlive(ending)) return ending?.exitCode ?? null;
    const exited = once(ending, 'exit');
    process.kill(signal === 'SIGKILL' ? -ending.pid : ending.pid, signal);
    await exited;
    return ending.exitCode;
  };
  return {
    name: options.name,
    async start(isGivenUp = () => false) {
      child ??= spawnGroup(options);
      const started = child;
      await waitFor(
        `${options.name} to be ready`,
        () => isGivenUp() || child !== started || !isAlive(started) || options.isReady(),
        {
          timeoutMs: 180_000,
        },
      ).catch((error: unknown) => {
        throw new Error(`${options.name} did not get ready:\n${tail(options.logFile)}`, { cause: error });
      });
      if (child === started && !isAlive(started))
        throw new Error(`${options.name} ended by itself (exit ${started.exitCode}):\n${tail(options.logFile)}`);
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    hang: async () => signalGroup(child, 'SIGSTOP'),
    resume: async () => signalGroup(child, 'SIGCONT'),
  };
}

function signalGroup(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
}

function spawnGroup({ program = process.execPath, script, args = [], env, logFile }: ChildOptions): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return endWithUs(spawn(program, [script, ...args], { env, detached: true, stdio: ['ignore', log, log] }));
  } finally {
    closeSync(log);
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-3000);
}
