// The leftovers of an earlier start that was killed: a Postgres that still runs, or its postmaster.pid.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KeepsakeError } from '../../shared/errors.ts';

/**
 * Makes `folder` ready for a new server: one that still runs there is stopped in order, a stale postmaster.pid is made
 * harmless. Only call it while holding the lock of the data folder.
 * @throws KeepsakeError `DataFolderLocked` when the old server doesn't end.
 */
export async function clearLeftover(folder: string): Promise<void> {
  const pid = readPid(folder);
  if (pid === undefined || !isAlive(pid)) return; // none, or stale: Postgres itself sees that
  if (isServerOf(pid, folder)) await stopServer(pid, folder);
  else disown(folder);
}

function pidFile(folder: string): string {
  return path.join(folder, 'postmaster.pid');
}

function readPid(folder: string): number | undefined {
  if (!existsSync(pidFile(folder))) return undefined;
  const pid = Number(readFileSync(pidFile(folder), 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether the process is a Postgres that works in `folder`: a server's working directory is its data folder. */
function isServerOf(pid: number, folder: string): boolean {
  try {
    if (process.platform === 'linux') {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder) && commandOf(pid).includes('postgres');
    }
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).includes(`-D ${folder}`);
  } catch {
    return false; // ended meanwhile, or another user's: not the one that we started
  }
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8');
}

async function stopServer(pid: number, folder: string): Promise<void> {
  // PostgreSQL, "Shutting Down the Server": SIGINT is the fast shutdown, SIGQUIT the immediate one (recovers at start).
  for (const [signal, patienceMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await delay(50);
    }
  }
  throw new KeepsakeError('DataFolderLocked', {
    what: `a Postgres that an earlier start left in ${folder} does not end`,
    got: `process ${pid}`,
    remedy: `End it (kill -INT ${pid}), then start again.`,
  });
}

// The pid belongs to a stranger by now (pids start anew in a container), and Postgres would take it for a living server.
// It disregards the pid of its own parent, which we are going to be. It still checks that no process of the old server
// uses its shared memory; deleting the file would lose that check (CreateLockFile in miscinit.c).
function disown(folder: string): void {
  const [, ...rest] = readFileSync(pidFile(folder), 'utf8').split('\n');
  writeFileSync(pidFile(folder), [process.pid, ...rest].join('\n'));
}
