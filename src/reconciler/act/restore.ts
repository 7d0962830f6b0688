// Restore: bytes put back for a row, from the keeper's versions or the quarantine, and proven by reading them back.
// What stood there is set aside first; bytes that turn out wrong are taken away again, so it never gets worse.
import { KeepsakeError } from '../../shared/errors.ts';
import type { ImageRow } from '../../shared/image.ts';
import { inTransaction } from '../../shared/postgres.ts';
import { headObject } from '../../shared/s3/client.ts';
import { holdRow } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { type RestoreSource, toListedObject } from '../plan/means.ts';
import type { PlannedAction } from '../plan/plan.ts';
import { endAction, type JournalEntry, type UndoNote } from '../state/journal.ts';
import { type ActDeps, begin, type Outcome } from './act.ts';
import { copyProven, deleteForever, isSameBytes, isUnchanged, quarantineKeyOf, removeCopied } from './set-aside.ts';

type Restore = Extract<PlannedAction, { readonly action: 'restore' }>;

/** Restores one object while its row is held, so that a deletion waits and finds the object to delete. */
export async function restoreObject(deps: ActDeps, action: Restore): Promise<Outcome> {
  const { bucket, pool, clock } = deps;
  return inTransaction(pool, async (client): Promise<Outcome> => {
    const row = await holdRow(client, action.key);
    if (row?.status !== 'stored' || row.sha256 !== action.row.sha256)
      return { state: 'skipped', reason: 'the row changed' };
    if (!(await isUnchanged(bucket, action.key, action.object)))
      return { state: 'skipped', reason: 'the object changed' };
    const note: UndoNote = action.object ? { quarantineKey: quarantineKeyOf(action.id, action.key) } : {};
    await begin(deps, action, note);
    const sha256 = note.quarantineKey ? await copyProven(bucket, action.key, note.quarantineKey) : undefined;
    for (const source of action.sources) {
      if (!(await isPutBack(deps, row, source))) continue;
      await endAction(pool, action.id, { state: 'done', at: clock(), undo: { ...note, ...(sha256 && { sha256 }) } });
      return { state: 'done', reason: action.reason };
    }
    await putAsItWas(deps, action.key, note.quarantineKey);
    const reason = `none of ${action.sources.length} kept versions has the bytes that its row asks for`;
    await endAction(pool, action.id, { state: 'failed', at: clock(), error: reason, undo: {} });
    return { state: 'failed', reason };
  });
}

/** Puts one source's bytes under the row's key; whether they are what the row asks for, proven by reading them. */
async function isPutBack({ bucket, keeper }: ActDeps, row: ImageRow, source: RestoreSource): Promise<boolean> {
  try {
    if (source.kind === 'quarantine') await copyProven(bucket, source.quarantineKey, row.key);
    else await keeper?.restore({ bucket: bucket.name, key: row.key, versionId: source.versionId });
  } catch (error) {
    if (error instanceof KeepsakeError && unusable.has(error.code)) return false;
    throw error;
  }
  return hasBytesOf(await readObjectBytes(bucket, row.key), row);
}

// What says that this source is no good, and nothing of the next one.
const unusable: ReadonlySet<string> = new Set(['VersionNotFound', 'S3ObjectMissing', 'ChecksumMismatch']);

/** Whether what was read is what the row asks for. */
export function hasBytesOf(read: Awaited<ReturnType<typeof readObjectBytes>>, row: ImageRow): boolean {
  return read.kind === 'read' && read.sha256 === row.sha256;
}

/** Undoes a restore that proved nothing: the object set aside comes back, or the key is empty as before. */
async function putAsItWas({ bucket }: ActDeps, key: string, quarantineKey: string | undefined): Promise<void> {
  if (!quarantineKey) return deleteForever(bucket, key);
  await copyProven(bucket, quarantineKey, key);
  await deleteForever(bucket, quarantineKey);
}

/**
 * Takes a restore back: what is under the key is set aside (nobody else may hold it by now), and the object of before
 * returns. Can be cut anywhere and done again. Answers with what the journal must keep.
 */
export async function takeBackRestore({ bucket }: Pick<ActDeps, 'bucket'>, entry: JournalEntry): Promise<UndoNote> {
  const before = entry.undo.quarantineKey;
  const restoredKey = `${quarantineKeyOf(entry.id, '')}/taken-back`;
  const there = await headObject(bucket, entry.key);
  const isBackAlready =
    before !== undefined &&
    isSameBytes(await readObjectBytes(bucket, entry.key), await readObjectBytes(bucket, before));
  if (there.kind === 'present' && !isBackAlready) {
    await copyProven(bucket, entry.key, restoredKey);
    await removeCopied(bucket, toListedObject(entry.key, there.head));
  }
  const aside = await readObjectBytes(bucket, restoredKey);
  if (before && !isBackAlready) await copyProven(bucket, before, entry.key);
  return aside.kind === 'read' ? { quarantineKey: restoredKey, sha256: aside.sha256 } : {};
}
