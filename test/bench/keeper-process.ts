// A keeper as a process of its own, for a bench: how long it took to start, and the most memory it ever held.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { createKeeperClient, type KeeperState, type KeeperStatus } from '../../src/shared/keeper-api.ts';
import { freePort } from '../support/free-port.ts';

export interface KeeperProcess {
  readonly url: string;
  /** From the start of the process until then. */
  readonly startMs: number;
  status(): Promise<KeeperStatus>;
  /** The largest resident set so far; null where the system does not tell. */
  peakBytes(): number | null;
  /** Processor time so far, all threads, user and system; null where the system does not tell. */
  cpuMs(): number | null;
  /** SIGTERM, and the end of the process. */
  stop(): Promise<void>;
}

const patienceMs = 60_000;

/** Starts a keeper and resolves when it answers requests, or has nothing left to restore. @throws KeepsakeError with the end of its log when it never does */
export async function startKeeperProcess(
  options: { readonly folder: string; readonly upstreamUrl: string; readonly logFile: string },
  until: 'answering' | 'whole',
): Promise<KeeperProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = openSync(options.logFile, 'a');
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['src/cli/main.ts', 'keeper', 'run'], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      S3_PORT: String(port),
      KEEPER_DATA: options.folder,
      KEEPER_UPSTREAM_URL: options.upstreamUrl,
    },
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const client = createKeeperClient(url);
  const status = async (): Promise<KeeperStatus> => {
    const now = await client.status();
    if (now === undefined) throw new Error(`${url} is no keeper`);
    return now;
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const isThere = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/_keeper/readyz`);
    const { status: state } = (await answer.json()) as { status: KeeperState };
    return answer.ok && (until === 'answering' || state === 'ready');
  };
  while (!(await isThere().catch(() => false))) {
    if (child.exitCode !== null || performance.now() - startedAt > patienceMs) {
      await stop();
      throw new KeepsakeError('S3Unavailable', {
        what: `the keeper never was ${until} in front of ${options.upstreamUrl}`,
        expected: 'an S3 emulator that answers there',
        got: readFileSync(options.logFile, 'utf8').trim().split('\n').at(-1) || 'no word from the keeper',
        remedy: 'Start it, or give another --upstream.',
      });
    }
    await delay(5);
  }
  const startMs = performance.now() - startedAt;
  return { url, startMs, status, stop, peakBytes: () => peakOf(child.pid), cpuMs: () => cpuOf(child.pid) };
}

function peakOf(pid: number | undefined): number | null {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null; // no /proc: not Linux
  }
}

// Linux counts it in hundredths of a second, whatever its own tick (proc(5), /proc/pid/stat, utime and stime).
function cpuOf(pid: number | undefined): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}
