// Undo takes an action back from its journal entry, whatever its kind, in one order: bytes, proven → rows and journal →
// the spare copy. Rows and journal are one transaction. Cut anywhere, undoing again ends it.
import { KeepsakeError } from '../../shared/errors.ts';
import { inTransaction } from '../../shared/postgres.ts';
import type { ActionResult } from '../../shared/report.ts';
import { endAction, findAction, type JournalEntry } from '../state/journal.ts';
import type { SettleDeps } from './kind.ts';
import { kinds } from './kinds.ts';
import { deleteForever } from './set-aside.ts';

/** Whether an entry can still be undone. */
export function isUndoable(entry: JournalEntry, now: Date): boolean {
  return entry.state === 'done' && entry.expiresAt > now;
}

/**
 * Takes one action back. The caller holds the run lock.
 * @throws KeepsakeError `ActionNotFound`; `ActionNotUndoable` when it is too late, or what it left has changed since.
 */
export async function undoAction(deps: SettleDeps, id: string): Promise<ActionResult> {
  const entry = await findAction(deps.pool, id);
  if (entry.state !== 'done')
    throw notUndoable(entry, `it is ${entry.state === 'undone' ? 'undone already' : entry.state}`);
  if (!isUndoable(entry, deps.clock())) throw notUndoable(entry, 'its 30 days are over');
  await takeBack(deps, entry);
  return { id: entry.id, action: entry.action, key: entry.key, state: 'undone', reason: 'taken back as it was' };
}

async function takeBack(deps: SettleDeps, entry: JournalEntry): Promise<void> {
  const { returnBytes, returnRows } = kinds[entry.action].undo;
  const bytes = await returnBytes(deps, entry);
  if (bytes.kind === 'refused') throw notUndoable(entry, bytes.reason);
  await inTransaction(deps.pool, async (client) => {
    if (!(await returnRows(client, entry))) throw notUndoable(entry, 'its row changed since');
    await endAction(client, entry.id, {
      state: 'undone',
      at: deps.clock(),
      undo: bytes.undo,
      ...(bytes.spareKey && { released: bytes.spareKey }),
    });
  });
  if (bytes.spareKey) await deleteForever(deps.bucket, bytes.spareKey);
}

function notUndoable(entry: JournalEntry, got: string): KeepsakeError {
  return new KeepsakeError('ActionNotUndoable', {
    what: `the ${entry.action} of ${JSON.stringify(entry.key)} can't be undone`,
    got,
    remedy: 'See what is there now: npm run check.',
  });
}
