// Settling what a run left `started` when it died (P9: the next run finishes it). What the journal and the bytes show
// decides; each step can be cut again and settled again.
import type { Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { findRows } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { endAction, type JournalEntry, openActions, type UndoNote } from '../state/journal.ts';
import { hasBytesOf, takeBackRestore } from './restore.ts';
import { deleteForever, isSameBytes } from './set-aside.ts';

export interface SettleDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly clock: () => Date;
}

const entriesAtATime = 100;

/**
 * Ends every action that nobody ended; answers how many there were. The caller holds the run lock, so none is alive.
 * @throws KeepsakeError when S3 or Postgres can't say: then the rest stays `started`.
 */
export async function settleOpenActions(deps: SettleDeps): Promise<number> {
  let settled = 0;
  for (;;) {
    const entries = await openActions(deps.pool, entriesAtATime);
    for (const entry of entries) await settle(deps, entry);
    settled += entries.length;
    if (entries.length < entriesAtATime) return settled;
  }
}

async function settle(deps: SettleDeps, entry: JournalEntry): Promise<void> {
  if (entry.action === 'restore') return settleRestore(deps, entry);
  if (entry.undo.quarantineKey) return settleSetAside(deps, entry, entry.undo.quarantineKey);
  return end(deps, entry, 'failed', {}); // its whole effect was one transaction, together with its end: it did not happen
}

async function settleRestore(deps: SettleDeps, entry: JournalEntry): Promise<void> {
  const { pool, bucket } = deps;
  const { quarantineKey } = entry.undo;
  const row = (await findRows(pool, [entry.key])).get(entry.key);
  const bytes = await readObjectBytes(bucket, entry.key);
  const before = quarantineKey ? await readObjectBytes(bucket, quarantineKey) : null;
  const sha256 = before?.kind === 'read' ? before.sha256 : undefined;
  if (row && hasBytesOf(bytes, row)) return end(deps, entry, 'done', { ...entry.undo, ...(sha256 && { sha256 }) });
  const isUntouched =
    before === null ? bytes.kind === 'absent' : before.kind === 'absent' || isSameBytes(before, bytes);
  if (!isUntouched) return end(deps, entry, 'undone', await takeBackRestore(deps, entry));
  if (quarantineKey) await deleteForever(bucket, quarantineKey);
  return end(deps, entry, 'failed', {});
}

async function settleSetAside(deps: SettleDeps, entry: JournalEntry, quarantineKey: string): Promise<void> {
  const copy = await readObjectBytes(deps.bucket, quarantineKey);
  if (copy.kind !== 'read') return end(deps, entry, 'failed', {});
  const source = await readObjectBytes(deps.bucket, entry.key);
  // The copy is all there is: it is kept, and can be brought back.
  if (source.kind === 'absent') return end(deps, entry, 'done', { ...entry.undo, sha256: copy.sha256 });
  if (!isSameBytes(copy, source)) return end(deps, entry, 'undone', { quarantineKey, sha256: copy.sha256 });
  await deleteForever(deps.bucket, quarantineKey);
  return end(deps, entry, 'failed', {});
}

async function end(
  deps: SettleDeps,
  entry: JournalEntry,
  state: 'done' | 'failed' | 'undone',
  undo: UndoNote,
): Promise<void> {
  const error = 'its run died; the next one settled it';
  await endAction(deps.pool, entry.id, { state, at: deps.clock(), error, undo });
}
