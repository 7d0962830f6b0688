// The embedded Postgres: real, durable (fsync on: it survives SIGKILL and a power cut), on a loopback port of its own.
// It is in our process group, and watched: when it ends unasked it is started again on the same port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { freePort } from '../port-check.ts';
import { type Account, findAccount } from './account.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { databaseUser, ensureCluster, readPassword } from './cluster-folder.ts';
import { clearLeftover } from './leftover.ts';

export interface PostgresOptions {
  /** Its data folder, made when there is none. */
  readonly folder: string;
  /** The file that holds its password. */
  readonly password: string;
  readonly logFile: string;
  readonly logger: Logger;
  /** Settings of the server (postgresql.conf) beside our own, or instead of them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Once aborted its end is expected: Ctrl-C reaches every process of the terminal's group, Postgres too. */
  readonly stopping?: AbortSignal | undefined;
  /** Called when it ended unasked and could not be started again. */
  readonly onLost: (error: KeepsakeError) => void;
}

export interface EmbeddedPostgres {
  readonly url: string;
  /** Fast shutdown, in order; resolves when the process is gone. */
  stop(): Promise<void>;
}

interface Launch {
  readonly binaries: PostgresBinaries;
  readonly account: Account;
  readonly options: PostgresOptions;
}

const database = 'keepsake';
const startAttempts = 8;
// Recovery after a crash replays WAL: usually a second, and never to be cut short lightly.
const startPatienceMs = 300_000;
const logLimitBytes = 8 * 1024 ** 2;

/**
 * Starts Postgres on its data folder; whoever calls holds the lock of the folder around it.
 * @throws KeepsakeError `DataFolderUnusable`, `DiskFull`, `DataFolderLocked`, `DatabaseUnavailable`, `NotConfigured`
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const account = findAccount([options.folder, binaries.postgres]);
  await ensureCluster(options, binaries.initdb, account);
  await clearLeftover(options.folder);
  trimLog(options.logFile);
  const launch = { binaries, account, options };
  const running = await launchOnFreePort(launch);
  await ensureDatabase(urlOf(options, running.port, 'postgres'));
  return { url: urlOf(options, running.port, database), stop: watch(running, launch) };
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

async function launchOnFreePort(launch: Launch): Promise<Running> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { child: await launchOn(port, launch), port };
    } catch (error) {
      // Another program took the port meanwhile, or processes of a killed server are still ending: both pass.
      if (attempt === startAttempts || !/could not bind|still in use/i.test(reasonOf(error))) {
        throw startError(error, launch.options);
      }
      await delay(attempt * 200);
    }
  }
}

async function launchOn(port: number, { binaries, account, options }: Launch): Promise<ChildProcess> {
  const log = openSync(options.logFile, 'a');
  const logStart = statSync(options.logFile).size;
  const [program, ...args] = account.command(binaries.postgres, [
    '-D',
    options.folder,
    '-p',
    String(port),
    ...settingArgs({ ...serverSettings, ...options.settings }),
  ]);
  const child = spawn(program, args, {
    ...account.spawnAs,
    cwd: '/',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(logSince(options.logFile, logStart))));
  });
  await Promise.race([untilReady(urlOf(options, port, 'postgres'), child), ended]);
  ended.catch(() => {}); // from now on `watch` looks after its end
  return child;
}

const serverSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // the password and loopback are the only door
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '60',
  shared_buffers: '64MB',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

function settingArgs(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startPatienceMs;
  while (child.exitCode === null && child.signalCode === null) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(25);
    } finally {
      await client.end().catch(() => {}); // never connected: nothing to end
    }
  }
}

/** Starts it again, on its port, whenever it ends unasked; returns the function that ends both. */
function watch(first: Running, launch: Launch): () => Promise<void> {
  const { logger, stopping, onLost } = launch.options;
  let { child } = first;
  let isStopping = false;
  let restarting: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    logger.warn({ port: first.port }, 'Postgres ended unasked; it is started again');
    try {
      await clearLeftover(launch.options.folder);
      child = await launchOn(first.port, launch);
      guard();
      logger.warn({ port: first.port }, 'Postgres is back');
    } catch (error) {
      if (!isStopping) onLost(startError(error, launch.options));
    }
  };
  const guard = (): void => {
    child.once('exit', () => {
      if (!isStopping && !stopping?.aborted) restarting = restart();
    });
  };
  guard();
  // However this process ends by itself, Postgres does not outlive it. After a SIGKILL the next start stops it.
  const quit = (): void => {
    child.kill('SIGQUIT');
  };
  process.once('exit', quit);
  return async () => {
    isStopping = true;
    await restarting;
    process.off('exit', quit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGINT'); // the fast shutdown
    await gone;
  };
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

function urlOf(options: PostgresOptions, port: number, name: string): string {
  return `postgres://${databaseUser}:${readPassword(options)}@127.0.0.1:${port}/${name}`;
}

function trimLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) rmSync(file);
}

function logSince(file: string, start: number): string {
  return readFileSync(file).subarray(start).toString('utf8').trim().split('\n').slice(-6).join(' | ');
}

function startError(error: unknown, { folder, logFile }: PostgresOptions): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  const reason = reasonOf(error);
  if (/no space left/i.test(reason)) {
    return new KeepsakeError(
      'DiskFull',
      { what: 'the disk is too full for Postgres', got: reason, remedy: 'Free some space, then start again.' },
      error,
    );
  }
  return new KeepsakeError(
    'DatabaseUnavailable',
    {
      what: `the Postgres in ${folder} did not start`,
      got: reason,
      remedy: `See ${logFile}; with a damaged folder, restore it from a backup, or move it away to begin anew.`,
    },
    error,
  );
}
