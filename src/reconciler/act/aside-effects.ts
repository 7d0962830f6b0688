// Bytes set aside in the quarantine: moving them there as effects, how a cut move is settled, and how they come back.
import type { Bucket } from '../../shared/s3/client.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import type { JournalEntry } from '../state/journal.ts';
import {
  type BytesReturned,
  done,
  type Effect,
  type Refused,
  type SettleDeps,
  type Settlement,
  stillOpen,
} from './kind.ts';
import { copyProven, deleteForever, isSameBytes, removeCopied } from './set-aside.ts';

/** Copies an object into the quarantine and proves the copy; its SHA-256 joins the undo note. */
export function copyAside(bucket: Bucket, key: string, quarantineKey: string): Effect {
  return {
    name: 'copy aside',
    run: async () => ({ kind: 'done', undo: { sha256: await copyProven(bucket, key, quarantineKey) } }),
  };
}

/** Removes the object that `copyAside` copied, if it is still that one. */
export function removeOriginal(bucket: Bucket, expected: ListedObject): Effect {
  return {
    name: 'remove the original',
    run: async () => {
      await removeCopied(bucket, expected);
      return done;
    },
  };
}

/**
 * Settles a cut move: the copy stays where it is all there is, or where the key has other bytes by now. A copy that
 * seems absent may only be out of sight, so its address stays in the journal.
 */
export async function settleAside({ bucket }: SettleDeps, { key, undo }: JournalEntry): Promise<Settlement> {
  const { quarantineKey } = undo;
  if (!quarantineKey) return { state: 'failed', undo: {} };
  const copy = await readObjectBytes(bucket, quarantineKey);
  const source = await readObjectBytes(bucket, key);
  if (copy.kind === 'unreadable' || source.kind === 'unreadable') return stillOpen;
  if (copy.kind === 'absent') return source.kind === 'absent' ? stillOpen : { state: 'failed', undo };
  if (source.kind === 'absent') return { state: 'done', undo: { ...undo, sha256: copy.sha256 } };
  if (!isSameBytes(copy, source)) return { state: 'undone', undo: { quarantineKey, sha256: copy.sha256 } };
  await deleteForever(bucket, quarantineKey);
  return { state: 'failed', undo: {}, released: quarantineKey };
}

/** Copies the bytes back to their key, unless they are there already. */
export async function returnAside(
  { bucket }: SettleDeps,
  { key, undo: { quarantineKey } }: JournalEntry,
): Promise<BytesReturned | Refused> {
  if (!quarantineKey) return { kind: 'returned', undo: {} };
  const there = await readObjectBytes(bucket, key);
  if (there.kind !== 'absent' && !isSameBytes(there, await readObjectBytes(bucket, quarantineKey)))
    return { kind: 'refused', reason: 'another object has its key now' };
  if (there.kind === 'absent') await copyProven(bucket, quarantineKey, key);
  return { kind: 'returned', undo: {}, spareKey: quarantineKey };
}
