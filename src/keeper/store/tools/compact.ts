// Gives a stopped store's free space back to the disk: free pages of the database, its log, and files that nothing
// names. Needs no room of its own, so it works on a full disk. Killed at any instant it leaves the store as whole as it
// was: each step is one transaction of SQLite, or removes one file that nothing names. A running keeper gives back by itself.
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { KeepsakeError } from '../../../shared/errors.ts';
import { type FolderLock, lockFolder } from '../folder-lock.ts';
import { openForWriting } from '../schema.ts';
import { asStoreError } from '../store-errors.ts';
import { StoreReader } from '../store-reader.ts';
import { lookInto } from './look.ts';

export interface CompactReport {
  readonly folder: string;
  /** Bytes of store.db and its log. */
  readonly before: number;
  readonly after: number;
  readonly removedFiles: number;
  readonly removedBytes: number;
}

/** Pages that one transaction gives back: bounds what its log takes. */
const stepPages = 4096;

/** @throws KeepsakeError `DataFolderLocked` while a keeper runs on it; what `lookInto` and the disk throw */
export async function compactStore(given: string): Promise<CompactReport> {
  const look = lookInto(given);
  const { folder, file } = look;
  look.close();
  const lock = lockForCompacting(folder);
  try {
    const before = await databaseBytes(file);
    const database = openForWriting(file);
    let removed: Pick<CompactReport, 'removedFiles' | 'removedBytes'>;
    try {
      giveBackAll(database);
      removed = await removeUnnamed(folder, new StoreReader(database, folder));
    } finally {
      database.close();
    }
    return { folder, before, after: await databaseBytes(file), ...removed };
  } catch (error) {
    throw asStoreError(error, folder);
  } finally {
    lock.release();
  }
}

function lockForCompacting(folder: string): FolderLock {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof KeepsakeError && error.code === 'DataFolderLocked')) throw error;
    throw new KeepsakeError(
      'DataFolderLocked',
      {
        what: `a keeper runs on ${folder}`,
        remedy: 'It gives free space back by itself, all but 32 MiB. For the rest stop it first.',
      },
      error,
    );
  }
}

function giveBackAll(database: DatabaseSync): void {
  const freePages = () => Number(database.prepare('PRAGMA freelist_count').get()?.freelist_count);
  for (let free = freePages(), last = Infinity; free > 0 && free < last; last = free, free = freePages()) {
    database.prepare(`PRAGMA incremental_vacuum(${stepPages})`).all();
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

async function removeUnnamed(
  folder: string,
  reader: StoreReader,
): Promise<Pick<CompactReport, 'removedFiles' | 'removedBytes'>> {
  const bodies = path.join(folder, 'bodies');
  const unnamed = new Set(await filesIn(bodies));
  for (const { file } of reader.bodyFiles()) unnamed.delete(file);
  const incoming = path.join(folder, 'incoming');
  const files = [
    ...[...unnamed].map((name) => path.join(bodies, name)),
    ...(await filesIn(incoming)).map((name) => path.join(incoming, name)),
  ];
  let removedBytes = 0;
  for (const one of files) {
    removedBytes += (await stat(one)).size;
    await rm(one, { force: true });
  }
  return { removedFiles: files.length, removedBytes };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

async function databaseBytes(file: string): Promise<number> {
  const sizes = [file, `${file}-wal`].map(async (one) => (existsSync(one) ? (await stat(one)).size : 0));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
