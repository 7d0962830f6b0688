// Undo: what a repair did, taken back from its journal entry. Bytes first, proven, then rows and the journal in one
// transaction, then the copy: cut anywhere, undoing again ends it.
import type { PoolClient } from 'pg';
import { assertNever, KeepsakeError } from '../../shared/errors.ts';
import { inTransaction, type Pool } from '../../shared/postgres.ts';
import type { ActionResult } from '../../shared/report.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { deleteRow, findRows, insertRow, updateRow } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { endAction, findAction, type JournalEntry, type UndoNote } from '../state/journal.ts';
import { takeBackRestore } from './restore.ts';
import { copyProven, deleteForever, isSameBytes } from './set-aside.ts';

export interface UndoDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly clock: () => Date;
}

/** Whether an entry can still be undone. */
export function isUndoable(entry: JournalEntry, now: Date): boolean {
  return entry.state === 'done' && entry.expiresAt > now;
}

/**
 * Takes one action back. The caller holds the run lock.
 * @throws KeepsakeError `ActionNotFound`; `ActionNotUndoable` when it is too late, or what it left has changed since.
 */
export async function undoAction(deps: UndoDeps, id: string): Promise<ActionResult> {
  const entry = await findAction(deps.pool, id);
  if (entry.state !== 'done')
    throw notUndoable(entry, `it is ${entry.state === 'undone' ? 'undone already' : entry.state}`);
  if (!isUndoable(entry, deps.clock())) throw notUndoable(entry, 'its 30 days are over');
  await undoByKind(deps, entry);
  return { id: entry.id, action: entry.action, key: entry.key, state: 'undone', reason: 'taken back as it was' };
}

async function undoByKind(deps: UndoDeps, entry: JournalEntry): Promise<void> {
  const { rowBefore, rowAfter } = entry.undo;
  switch (entry.action) {
    case 'restore': {
      // What stood there before must not come back for an image that was deleted since.
      if (!(await findRows(deps.pool, [entry.key])).has(entry.key)) throw notUndoable(entry, 'its row is gone');
      const aside = await takeBackRestore(deps, entry);
      await finish(deps, entry, aside, async () => true);
      return entry.undo.quarantineKey ? deleteForever(deps.bucket, entry.undo.quarantineKey) : undefined;
    }
    case 'quarantine':
    case 'discard-pending':
    case 'delete': {
      const copy = await bringBack(deps, entry);
      await finish(deps, entry, {}, async (client) => !rowBefore || insertRow(client, rowBefore));
      return copy ? deleteForever(deps.bucket, copy) : undefined;
    }
    case 'adopt':
      return finish(deps, entry, {}, async (client) => rowAfter !== undefined && deleteRow(client, rowAfter));
    case 'finish-upload':
    case 'correct-row':
      return finish(deps, entry, {}, async (client) =>
        rowBefore && rowAfter ? updateRow(client, rowAfter, rowBefore) : false,
      );
    default:
      return assertNever(entry.action);
  }
}

/** Copies the quarantined bytes back to their key, unless the same bytes are there. Answers with the copy's key. */
async function bringBack({ bucket }: UndoDeps, entry: JournalEntry): Promise<string | undefined> {
  const { quarantineKey } = entry.undo;
  if (!quarantineKey) return undefined;
  const there = await readObjectBytes(bucket, entry.key);
  if (there.kind !== 'absent' && !isSameBytes(there, await readObjectBytes(bucket, quarantineKey)))
    throw notUndoable(entry, 'another object has its key now');
  if (there.kind === 'absent') await copyProven(bucket, quarantineKey, entry.key);
  return quarantineKey;
}

async function finish(
  { pool, clock }: UndoDeps,
  entry: JournalEntry,
  undo: UndoNote,
  changeRows: (client: PoolClient) => Promise<boolean>,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    if (!(await changeRows(client))) throw notUndoable(entry, 'its row changed since');
    await endAction(client, entry.id, { state: 'undone', at: clock(), undo });
  });
}

function notUndoable(entry: JournalEntry, got: string): KeepsakeError {
  return new KeepsakeError('ActionNotUndoable', {
    what: `the ${entry.action} of ${JSON.stringify(entry.key)} can't be undone`,
    got,
    remedy: 'See what is there now: npm run check.',
  });
}
