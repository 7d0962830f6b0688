// The cost of one start of `keepsake`, as the image of a checkout runs it: its entry point, and its cache of compiled code.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

export interface Subject {
  /** The checkout whose code runs. */
  readonly checkout: string;
  /** Its data, and its cache of compiled code. */
  readonly folder: string;
  readonly databaseUrl: string;
}

export interface Cost {
  /** User and system, all threads. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** The resident pages, each divided by how many processes share it; null for one that has ended. */
  readonly proportionalBytes: number | null;
}

export interface Measured {
  readonly cpuMs: number;
  readonly residentMiB: number;
  readonly proportionalMiB: number | null;
}

const settledMs = 1_000;

/** Starts a server, waits until `readyPath` answers and a second more, and ends it. */
export async function measureServing(subject: Subject, words: readonly string[], readyPath: string): Promise<Cost> {
  const port = await freePort();
  const logFile = path.join(subject.folder, `${words.join('-')}.log`);
  const child = start(subject, words, {
    logFile,
    env: { PORT: String(port), S3_PORT: String(port) },
  });
  const exited = once(child, 'exit');
  try {
    await waitFor(`keepsake ${words.join(' ')}`, async () => {
      if (child.exitCode !== null) throw ended(words, logFile);
      return (await fetch(`http://127.0.0.1:${port}${readyPath}`)).ok;
    });
    await delay(settledMs); // a start still has work to do after its first answers
    return costOf(child.pid ?? 0);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** Runs `keepsake --help` to its end; it tells its own cost. */
export async function measureHelp(subject: Subject): Promise<Cost> {
  const logFile = path.join(subject.folder, 'help.log');
  const tell = `process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    process.send([(userCPUTime + systemCPUTime) / 1000, maxRSS * 1024]);
  })`;
  const child = start(subject, ['--help'], {
    logFile,
    env: {},
    nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
    hasChannel: true,
  });
  const [told, [code]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  if (code !== 0) throw ended(['--help'], logFile);
  const [cpuMs, residentBytes] = told[0] as [number, number];
  return { cpuMs, residentBytes, proportionalBytes: null };
}

interface StartOptions {
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
  readonly hasChannel?: boolean;
}

function start({ checkout, folder, databaseUrl }: Subject, words: readonly string[], options: StartOptions) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(options.logFile, 'w');
  const entry = path.join(checkout, 'src/cli/main.ts');
  try {
    return spawn(process.execPath, [...(options.nodeArgs ?? []), entry, ...words], {
      cwd: checkout,
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        DATABASE_URL: databaseUrl,
        KEEPSAKE_DATA: folder,
        KEEPER_DATA: path.join(folder, 'keeper'),
        REPORT_TARGET: 'none',
        ...(hasCompileCache(checkout) && { NODE_COMPILE_CACHE: path.join(folder, 'compile-cache') }),
        ...options.env,
      },
      stdio: ['ignore', log, log, ...(options.hasChannel ? (['ipc'] as const) : [])],
    }) as ChildProcess;
  } finally {
    closeSync(log);
  }
}

const hasCompileCache = (checkout: string): boolean =>
  /^ENV\b.*\bNODE_COMPILE_CACHE=/m.test(readFileSync(path.join(checkout, 'Dockerfile'), 'utf8'));

/** @throws KeepsakeError where there is no /proc */
function costOf(pid: number): Cost {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
    // In hundredths of a second, whatever the kernel's own tick (proc(5), utime and stime).
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * 10;
    return {
      cpuMs,
      residentBytes: bytesIn(`/proc/${pid}/status`, 'VmRSS'),
      proportionalBytes: bytesIn(`/proc/${pid}/smaps_rollup`, 'Pss'),
    };
  } catch (error) {
    throw new KeepsakeError(
      'NotConfigured',
      { what: 'the cost of a process is not told here', expected: 'Linux, with /proc' },
      error,
    );
  }
}

function bytesIn(file: string, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

function ended(words: readonly string[], logFile: string): KeepsakeError {
  return new KeepsakeError('Internal', {
    what: `keepsake ${words.join(' ')} ended by itself`,
    got: readFileSync(logFile, 'utf8').trim().split('\n').at(-1) || 'no word from it',
  });
}
