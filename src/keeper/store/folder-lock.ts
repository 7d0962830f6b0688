// One process has the store open. The lock is the operating system's (SQLite's lock on an empty file), so a killed
// process leaves none behind, and a process id that was used again is no trap.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KeepsakeError } from '../../shared/errors.ts';
import { asStoreError } from './store-errors.ts';

const sqliteBusy = 5;

export interface FolderLock {
  release(): void;
}

// `isFolderInUse` holds the lock shared for an instant while it looks, and that must not make a start fail.
const patienceMs = 20;

/** @throws KeepsakeError `DataFolderLocked` when another process (or this one) has the folder, `DataFolderUnusable` */
export function lockFolder(folder: string): FolderLock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path.join(folder, 'lock.db'), { timeout: patienceMs });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw (error as { errcode?: number }).errcode === sqliteBusy ? locked(folder, error) : asStoreError(error, folder);
  }
  return { release: () => database.close() };
}

/** Whether a process has the store open now. Changes nothing. */
export function isFolderInUse(folder: string): boolean {
  const file = path.join(folder, 'lock.db');
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { timeout: 0, readOnly: true });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return true;
    throw asStoreError(error, folder);
  } finally {
    database.close();
  }
}

function locked(folder: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderLocked',
    {
      what: `another keeper uses the folder ${folder}`,
      remedy: 'Stop it first, or name another folder in KEEPER_DATA.',
    },
    cause,
  );
}
