// A copy of a store while a keeper runs on it, made by another process, with nothing asked of the keeper.
//
// The database is copied first (one state, by SQLite), then the body files that the copy names. Those never change and
// their names are never used again, so a file copied once is right for ever; but one may be dropped before its turn
// comes. Then a later state is copied, in which it isn't named, with what came since: until every named file is there.
// The copy becomes a store by a rename, when all of it is fsynced and was verified. Files are copied, not linked: a link
// would share the fate of its original.
import { constants, existsSync } from 'node:fs';
import { copyFile, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KeepsakeError } from '../../../shared/errors.ts';
import { sizeOf } from '../../../shared/words.ts';
import { makeFolder, realFileSystem } from '../durable-files.ts';
import { preparing } from '../prepared.ts';
import { asStoreError } from '../store-errors.ts';
import { type Look, lookInto, pagesById } from './look.ts';
import { type Verdict, verifyStore } from './verify.ts';

export interface BackupOptions {
  /** Told of the bytes that were copied, and of all there are. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface BackupReport {
  readonly folder: string;
  readonly target: string;
  /** How often a state was copied: more than once when files were dropped meanwhile. */
  readonly rounds: number;
  /** The verdict on the copy, read back. Damage that the store had already is copied, and named here. */
  readonly verdict: Verdict;
}

/** Left free on a disk that the keeper uses: the default of KEEPER_MIN_FREE. */
const sparedBytes = 128 * 1024 ** 2;

const maxRounds = 20;
const copiesAtOnce = 8;

/**
 * Copies the store in `folder` to `target`, which must not exist or be empty.
 * @throws KeepsakeError `DataFolderUnusable`, `DiskFull`, what `lookInto` throws; then there is nothing at `target`
 */
export async function backUpStore(folder: string, given: string, options: BackupOptions = {}): Promise<BackupReport> {
  const target = path.resolve(given);
  const look = lookInto(folder);
  const partial = path.join(path.dirname(target), `.${path.basename(target)}.partial`);
  try {
    await assertFree(target, look.folder);
    await rm(partial, { recursive: true, force: true }); // of a backup that was killed
    await makeFolder(path.join(partial, 'bodies'), realFileSystem);
    await assertRoom(look, partial);
    const rounds = await copyWhole(look, partial, options);
    await finishDatabase(path.join(partial, 'store.db'));
    const verdict = await verifyStore(partial);
    for (const one of [path.join(partial, 'bodies'), partial]) await realFileSystem.syncFolder(one);
    await rename(partial, target);
    await realFileSystem.syncFolder(path.dirname(target));
    return { folder: look.folder, target, rounds, verdict: { ...verdict, folder: target } };
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {}); // the next backup removes any rest
    throw asStoreError(error, error instanceof KeepsakeError ? look.folder : path.dirname(target));
  } finally {
    look.close();
  }
}

async function assertFree(target: string, folder: string): Promise<void> {
  const isInside = `${target}${path.sep}`.startsWith(`${folder}${path.sep}`);
  const isTaken = existsSync(target) && (await readdir(target)).length > 0;
  if (!isInside && !isTaken) return;
  throw new KeepsakeError('DataFolderUnusable', {
    what: isInside ? `${target} is inside the store itself` : `there is something in ${target} already`,
    expected: 'a folder that does not exist yet, or an empty one',
    remedy: 'Name another folder for the backup, best on another disk.',
  });
}

async function assertRoom({ folder, prepare }: Look, partial: string): Promise<void> {
  const needed = Number(
    prepare('SELECT ifnull(sum(size) FILTER (WHERE file IS NOT NULL), 0) AS bytes FROM bodies').get()?.bytes,
  );
  const pages =
    Number(prepare('PRAGMA page_count').get()?.page_count) * Number(prepare('PRAGMA page_size').get()?.page_size);
  const { bavail, bsize } = await statfs(partial);
  // On the store's own disk the backup must not bring the keeper to refuse writes.
  const isSameDisk = (await stat(partial)).dev === (await stat(folder)).dev;
  const wanted = needed + pages + (isSameDisk ? sparedBytes : 0);
  if (bavail * bsize > wanted) return;
  throw new KeepsakeError('DiskFull', {
    what: `the disk of ${path.dirname(partial)} has no room for the backup`,
    expected: `${sizeOf(wanted)} free`,
    got: sizeOf(bavail * bsize),
    remedy: 'Make room on it, or name a folder on another disk.',
  });
}

/** Copies one state and all that it names; returns how many rounds it took. */
async function copyWhole(look: Look, partial: string, { onProgress }: BackupOptions): Promise<number> {
  const here = new Set<string>();
  for (let round = 1; round <= maxRounds; round++) {
    const file = path.join(partial, 'store.db');
    await rm(file, { force: true });
    look.database.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
    const named = new DatabaseSync(file, { readOnly: true });
    try {
      const isWhole = await copyFiles(look, { named, partial, here, onProgress });
      if (!isWhole) continue;
      await removeUnnamed(named, { partial, here });
      return round;
    } finally {
      named.close();
    }
  }
  throw new KeepsakeError('DataFolderUnusable', {
    what: 'body files are dropped faster than they can be copied',
    got: `${maxRounds} rounds, and in each of them a file was gone before its turn`,
    remedy: 'Raise KEEPER_RETENTION, or back up while fewer objects are overwritten.',
  });
}

interface CopyRound {
  readonly named: DatabaseSync;
  readonly partial: string;
  /** Names of files that were copied, in this round or an earlier one. */
  readonly here: Set<string>;
  readonly onProgress: BackupOptions['onProgress'];
}

const namedFiles = 'SELECT id, file, size FROM bodies WHERE id > ? AND file IS NOT NULL ORDER BY id LIMIT ?';
type NamedFile = { readonly id: number; readonly file: string; readonly size: number };

/** Copies what is named and not here yet; returns whether all of it was there to be copied. */
async function copyFiles(look: Look, { named, partial, here, onProgress }: CopyRound): Promise<boolean> {
  const prepare = preparing(named);
  const totalBytes = Number(
    prepare('SELECT ifnull(sum(size), 0) AS bytes FROM bodies WHERE file IS NOT NULL').get()?.bytes,
  );
  const rows = pagesById<NamedFile>(prepare, namedFiles);
  let [doneBytes, isWhole] = [0, true];
  const copyInTurn = async (): Promise<void> => {
    for (const { id, file, size } of rows) {
      if (!here.has(file)) {
        const from = path.join(look.folder, 'bodies', file);
        const isCopied = await copyDurably(from, path.join(partial, 'bodies', file));
        if (isCopied) here.add(file);
        else if (!isStillNamed(look, id)) isWhole = false; // else it is damage: verified, and told, at the end
      }
      doneBytes += size;
      onProgress?.(doneBytes, totalBytes);
    }
  };
  const copied = await Promise.allSettled(Array.from({ length: copiesAtOnce }, copyInTurn));
  for (const one of copied) if (one.status === 'rejected') throw one.reason; // when none writes any more
  return isWhole;
}

// False when there is no such file.
async function copyDurably(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(from)) throw error;
    await rm(to, { force: true });
    return false;
  }
  await syncFile(to);
  return true;
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isStillNamed({ prepare }: Look, body: number): boolean {
  return prepare('SELECT 1 FROM bodies WHERE id = ?').get(body) !== undefined;
}

async function removeUnnamed(
  named: DatabaseSync,
  { partial, here }: { readonly partial: string; readonly here: ReadonlySet<string> },
): Promise<void> {
  const unnamed = new Set(here);
  for (const { file } of pagesById<NamedFile>(preparing(named), namedFiles)) unnamed.delete(file);
  for (const name of unnamed) await rm(path.join(partial, 'bodies', name), { force: true });
}

// A backup agrees with no emulator: whoever opens it fills the emulator from it.
async function finishDatabase(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    database.exec('UPDATE store SET session = NULL');
  } finally {
    database.close();
  }
  await syncFile(file);
}
