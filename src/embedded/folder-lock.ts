// One process at a time in a data folder. The lock is SQLite's on a file of its own: the operating system releases it
// when the process ends, however it ends. So a SIGKILL leaves nothing to clean up.
import { DatabaseSync } from 'node:sqlite';

export interface FolderLock {
  release(): void;
}

// Somebody who only asks (isLocked) holds the lock for an instant; a start waits longer than that.
const patienceMs = 1_000;

/** Takes the lock of `file`; undefined when another process holds it. */
export function takeLock(file: string): FolderLock | undefined {
  return tryLock(file, patienceMs);
}

/** Whether a living process holds the lock of `file`. */
export function isLocked(file: string): boolean {
  const lock = tryLock(file, 0);
  lock?.release();
  return lock === undefined;
}

function tryLock(file: string, timeoutMs: number): FolderLock | undefined {
  const database = new DatabaseSync(file, { timeout: timeoutMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5; // SQLITE_BUSY
}
