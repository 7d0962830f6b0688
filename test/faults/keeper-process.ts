// A keeper as its users run it: a process of its own, that can be stopped, killed and looked at.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { KeeperStatus } from '../../src/shared/keeper-api.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

export interface KeeperProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it answers requests. @throws when it ended instead, with what it said */
  ready(): Promise<void>;
  status(): Promise<KeeperStatus>;
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM or SIGKILL, and resolves with the exit code, null when a signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Resolves with the exit code when it ends. */
  exit(): Promise<number | null>;
  /** Its output so far. */
  log(): string;
}

export interface KeeperProcessOptions {
  readonly upstreamUrl: string;
  readonly folder: string;
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly port?: number;
}

export async function startKeeperProcess(options: KeeperProcessOptions): Promise<KeeperProcess> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = await spawnKeeper(options, port);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const exit = async (): Promise<number | null> => (await exited)[0];
  const log = (): string => readFileSync(options.logFile, 'utf8');
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    url,
    pid: child.pid ?? 0,
    async ready() {
      const isReady = async () => (await fetch(`${url}/_keeper/readyz`)).ok;
      await waitFor('the keeper to be ready', () => isOver() || isReady(), { timeoutMs: 60_000 });
      if (isOver()) throw new Error(`the keeper ended:\n${log().slice(-3000)}`);
    },
    status: async () => (await fetch(`${url}/_keeper/status`)).json() as Promise<KeeperStatus>,
    signal: (name) => void child.kill(name),
    end: async (signal) => {
      if (!isOver()) child.kill(signal);
      return exit();
    },
    exit,
    log,
  };
}

async function spawnKeeper(options: KeeperProcessOptions, port: number): Promise<ChildProcess> {
  const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
  const settings = { S3_PORT: String(port), KEEPER_DATA: options.folder, KEEPER_UPSTREAM_URL: options.upstreamUrl };
  await using log = await open(options.logFile, 'a');
  return endWithUs(
    spawn(process.execPath, [main, 'keeper', 'run'], {
      env: { ...process.env, LOG_LEVEL: 'info', ...settings, ...options.env },
      stdio: ['ignore', log.fd, log.fd],
    }),
  );
}
