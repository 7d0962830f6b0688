// Taking a restore back, for its undo and for one that a dead run left half done.
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import { readObjectBytes, toListedObject } from '../observe/object-bytes.ts';
import type { JournalEntry, UndoNote } from '../state/journal.ts';
import { copyProven, isSameBytes, quarantineKeyOf, removeCopied } from './set-aside.ts';

/**
 * Sets aside the object under the key (nobody else may hold it by now); then the object of before returns. Can be cut
 * anywhere and repeated. Answers with what the journal must keep.
 */
export async function takeBackRestore(bucket: Bucket, entry: JournalEntry): Promise<UndoNote> {
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
