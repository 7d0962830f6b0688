// Restore: bytes return to a link that is broken, from the keeper's versions or the quarantine, proven by reading them
// back. The object that stood there is set aside first; wrong bytes are taken away again, so it never gets worse.
import { KeepsakeError } from '../../../shared/errors.ts';
import type { ImageRow } from '../../../shared/image.ts';
import type { Bucket } from '../../../shared/s3/client.ts';
import { findRows, holdRow } from '../../observe/image-rows.ts';
import { readObjectBytes } from '../../observe/object-bytes.ts';
import type { RestoreSource } from '../../plan/means.ts';
import type { JournalEntry } from '../../state/journal.ts';
import { copyAside } from '../aside-effects.ts';
import {
  type BytesReturned,
  done,
  type Effect,
  type Kind,
  type Refused,
  type Scene,
  type SettleDeps,
  type Settlement,
  skipped,
  stillOpen,
} from '../kind.ts';
import { copyProven, deleteForever, hasBytesOf, isSameBytes, isUnchanged, quarantineKeyOf } from '../set-aside.ts';
import { takeBackRestore } from '../take-back-restore.ts';

export const restore: Kind<'restore'> = {
  lock: holdRow, // a deletion waits, and then finds the object to delete
  async lookAgain(scene) {
    const { bucket, action, row } = scene;
    if (row?.status !== 'stored' || row.sha256 !== action.row.sha256) return skipped('the row changed');
    if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
    const quarantineKey = action.object ? quarantineKeyOf(action.id, action.key) : undefined;
    return {
      kind: 'ready',
      undo: quarantineKey ? { quarantineKey } : {},
      effects: [
        ...(quarantineKey ? [copyAside(bucket, action.key, quarantineKey)] : []),
        putBack(scene, row, quarantineKey),
      ],
    };
  },
  settle: settleRestore,
  undo: { returnBytes: returnBefore, returnRows: async () => true },
};

function putBack(scene: Scene<'restore'>, row: ImageRow, quarantineKey: string | undefined): Effect {
  return {
    name: 'put the bytes back',
    run: async () => {
      const { sources } = scene.action;
      for (const source of sources) if (await isPutBack(scene, row, source)) return done;
      await putAsItWas(scene, quarantineKey);
      const reason = `none of ${sources.length} kept versions has the bytes that its row asks for`;
      const released = quarantineKey && { released: quarantineKey };
      return { kind: 'ended', state: 'failed', reason, error: reason, undo: {}, ...released };
    },
  };
}

/** Puts one source's bytes under the row's key; whether they are what the row asks for, proven by reading them. */
async function isPutBack({ bucket, keeper }: Scene<'restore'>, row: ImageRow, source: RestoreSource): Promise<boolean> {
  try {
    if (source.kind === 'quarantine') await copyProven(bucket, source.quarantineKey, row.key);
    else await keeper?.restore({ bucket: bucket.name, key: row.key, versionId: source.versionId });
  } catch (error) {
    if (error instanceof KeepsakeError && unusable.has(error.code)) return false;
    throw error;
  }
  return hasBytesOf(await readObjectBytes(bucket, row.key), row);
}

// These say that this source is no good, and nothing of the next one.
const unusable: ReadonlySet<string> = new Set(['VersionNotFound', 'S3ObjectMissing', 'ChecksumMismatch']);

/** After a restore that proved nothing: the object set aside comes back, or the key is empty as before. */
async function putAsItWas({ bucket, action }: Scene<'restore'>, quarantineKey: string | undefined): Promise<void> {
  if (!quarantineKey) return deleteForever(bucket, action.key);
  await copyProven(bucket, quarantineKey, action.key);
  await deleteForever(bucket, quarantineKey);
}

interface Released {
  readonly released?: string;
}

async function settleRestore({ pool, bucket }: SettleDeps, entry: JournalEntry): Promise<Settlement> {
  const { quarantineKey } = entry.undo;
  const row = (await findRows(pool, [entry.key])).get(entry.key);
  const bytes = await readObjectBytes(bucket, entry.key);
  const before = quarantineKey ? await readObjectBytes(bucket, quarantineKey) : null;
  const sha256 = before?.kind === 'read' ? before.sha256 : undefined;
  if (row && hasBytesOf(bytes, row)) return { state: 'done', undo: { ...entry.undo, ...(sha256 && { sha256 }) } };
  if (bytes.kind === 'unreadable' || before?.kind === 'unreadable') return stillOpen;
  if (before?.kind === 'absent') return bytes.kind === 'absent' ? stillOpen : { state: 'failed', undo: entry.undo };
  const isUntouched = before ? isSameBytes(before, bytes) : bytes.kind === 'absent';
  if (!isUntouched) return { state: 'undone', ...(await takenBack(bucket, entry)) };
  if (!quarantineKey) return { state: 'failed', undo: {} };
  await deleteForever(bucket, quarantineKey);
  return { state: 'failed', undo: {}, released: quarantineKey };
}

// The object of before is back under its key, proven, so the journal may let go of its copy.
async function takenBack(bucket: Bucket, entry: JournalEntry): Promise<Pick<BytesReturned, 'undo'> & Released> {
  const undo = await takeBackRestore(bucket, entry);
  const { quarantineKey } = entry.undo;
  return { undo, ...(quarantineKey && { released: quarantineKey }) };
}

// The object of before must not come back for an image that was deleted since.
async function returnBefore({ pool, bucket }: SettleDeps, entry: JournalEntry): Promise<BytesReturned | Refused> {
  if (!(await findRows(pool, [entry.key])).has(entry.key)) return { kind: 'refused', reason: 'its row is gone' };
  const undo = await takeBackRestore(bucket, entry);
  const { quarantineKey } = entry.undo;
  return { kind: 'returned', undo, ...(quarantineKey && { spareKey: quarantineKey }) };
}
