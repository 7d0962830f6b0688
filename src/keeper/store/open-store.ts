// Opens the store's folder: locks it, makes a new store where there is none, replays the log, removes what a crash left
// over, and names what is missing. Nothing is touched before the lock is held.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { KeepsakeError } from '../../shared/errors.ts';
import { CommitLoad } from './commit-load.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Store, StoreOptions } from './contract.ts';
import { type BodyFolders, type FileSystem, makeFolder, realFileSystem, sharingFolderSyncs } from './durable-files.ts';
import { DurableStore } from './durable-store.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { IntentLog, readLog } from './intents.ts';
import { createDatabase, openForReading } from './schema.ts';
import { asStoreError, storeDamaged, syncFailed } from './store-errors.ts';
import { StoreReader } from './store-reader.ts';

/** Replacements for the real thing, by which a test injects a fault. */
export interface StoreFaults {
  readonly files?: FileSystem;
  /** Bound on store.db in pages of 4 KiB: beyond it SQLite says that the disk is full. */
  readonly maxPages?: number;
  /** How long a commit waits for others that will come soon. */
  readonly gatherMs?: number;
}

const dayMs = 86_400_000;

/**
 * Opens the store in `folder`, made when it is not there. One process at a time.
 * @throws KeepsakeError `DataFolderLocked`, `DataFolderUnusable`, `DiskFull`, `KeeperStoreDamaged`, `KeeperStoreTooNew`
 */
export async function openStore(options: StoreOptions, faults: StoreFaults = {}): Promise<Store> {
  const folder = path.resolve(options.folder);
  let lock: FolderLock | undefined;
  try {
    await makeFolder(folder, faults.files ?? realFileSystem);
    lock = lockFolder(folder);
    return await openLocked(folder, lock, { options, faults });
  } catch (error) {
    lock?.release();
    throw asStoreError(error, folder);
  }
}

async function openLocked(
  folder: string,
  lock: FolderLock,
  { options, faults }: { readonly options: StoreOptions; readonly faults: StoreFaults },
): Promise<Store> {
  const { now = Date.now, inlineBytes = 64 * 1024, retentionMs = 7 * dayMs, retentionBytes = 10 * 1024 ** 3 } = options;
  const { files = realFileSystem, ...thread } = faults;
  const folders: BodyFolders = { incoming: path.join(folder, 'incoming'), bodies: path.join(folder, 'bodies') };
  const file = path.join(folder, 'store.db');
  for (const one of [folders.incoming, folders.bodies]) await makeFolder(one, files);
  await ensureDatabase(file, folders, { files, createdAt: now() });
  // A process killed between the write of a commit and its fsync left that commit for the next process to see. A commit
  // that has been seen must not be lost any more.
  if (existsSync(`${file}-wal`)) await files.syncFile(`${file}-wal`);

  const queue = await CommitQueue.start({ folder, ...thread });
  const reader = new StoreReader(openForReading(file), folder);
  let intents: IntentLog | undefined;
  try {
    intents = new IntentLog(path.join(folder, 'intents.log'));
    const store = new DurableStore({
      folder,
      folders,
      files: endingAtLostNames(sharingFolderSyncs(files), queue),
      lock,
      queue,
      reader,
      intents,
      inlineBytes,
      retentionMs,
      retentionBytes,
      now,
      onDamage: options.onDamage ?? (() => {}),
      load: new CommitLoad(options.onCommit ?? (() => {})),
    });
    for (const entry of queue.damagedAtOpen) store.damage.note(entry);
    nameLostCommits(store, intents, reader.commits());
    const noted = intents;
    queue.onCommit = (commits) => noted.noteCommits(commits);
    await sweep(store, reader, folders);
    return store;
  } catch (error) {
    intents?.close();
    reader.close();
    await queue.end();
    throw error;
  }
}

// The file appears whole, by a rename. So an empty file was cut, and a missing one was lost if there are bodies. To begin
// anew in either case would be to forget everything without a word.
async function ensureDatabase(
  file: string,
  { bodies }: BodyFolders,
  { files, createdAt }: { readonly files: FileSystem; readonly createdAt: number },
): Promise<void> {
  const folder = path.dirname(file);
  if (existsSync(file)) {
    if ((await stat(file)).size === 0) throw storeDamaged(folder, 'store.db is empty');
    return;
  }
  if ((await readdir(bodies)).length > 0) throw storeDamaged(folder, 'store.db is missing, and bodies are there');
  if (isUsed(folder)) throw storeDamaged(folder, 'store.db is missing, and its logs are there');
  const fresh = `${file}.new`;
  for (const leftover of [fresh, `${fresh}-journal`]) await rm(leftover, { force: true });
  createDatabase(fresh, { id: randomUUID(), createdAt });
  await rename(fresh, file);
  await files.syncFolder(folder);
}

// Small bodies stand in the database alone. Its own log, or one that counts commits, tells that there was one.
function isUsed(folder: string): boolean {
  return existsSync(path.join(folder, 'store.db-wal')) || readLog(path.join(folder, 'intents.log')).commits > 0;
}

// A folder whose fsync failed may have lost the names that other bodies were given in it, and no later fsync tells.
function endingAtLostNames(files: FileSystem, queue: CommitQueue): FileSystem {
  return {
    ...files,
    async syncFolder(folder) {
      try {
        await files.syncFolder(folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EIO') queue.fail(syncFailed(folder, error));
        throw error;
      }
    },
  };
}

// Told once, by the start that finds it; from then on the store is what it is.
function nameLostCommits(store: DurableStore, intents: IntentLog, commits: number): void {
  const lost = intents.commits - commits;
  if (lost > 0) {
    const reason = `store.db lacks the last ${lost} commits: its log was damaged, or an older file was put in its place`;
    store.damage.note({ bucket: '', key: '', reason });
  }
  intents.noteCommits(commits);
}

// A body that was being received belongs to nobody now. A whole body that no row names lost its commit. A row whose body
// is missing is damaged.
async function sweep(store: DurableStore, reader: StoreReader, folders: BodyFolders): Promise<void> {
  for (const name of await readdir(folders.incoming)) await rm(path.join(folders.incoming, name), { force: true });
  const unnamed = new Set(await readdir(folders.bodies));
  try {
    for (const { body, file } of reader.bodyFiles()) {
      if (!unnamed.delete(file)) nameLoss(store, reader, body);
    }
  } catch (error) {
    if (!(error instanceof KeepsakeError && error.code === 'KeeperStoreDamaged')) throw error;
    // Some of them are named where nobody can read it.
    store.damage.note({ bucket: '', key: '', reason: 'the list of bodies in store.db is on a damaged page' });
    return;
  }
  for (const name of unnamed) await rm(path.join(folders.bodies, name), { force: true });
}

function nameLoss(store: DurableStore, reader: StoreReader, body: number): void {
  for (const { id, bucket, key } of reader.versionsWithBody(body)) {
    store.damage.setVersionAside(id, { bucket, key, reason: 'its file is missing' });
  }
  for (const { upload_id, part_number } of reader.partsWithBody(body)) {
    const upload = reader.upload(upload_id);
    const reason = `the file of part ${part_number} of upload ${upload_id} is missing`;
    if (upload) store.damage.note({ bucket: upload.bucket, key: upload.key, reason });
  }
}
