// Changes of the table `images` as effects, and how they are taken back.
import type { PoolClient } from 'pg';
import type { ImageRow } from '../../shared/image.ts';
import { deleteRow, insertRow, updateRow } from '../observe/image-rows.ts';
import type { JournalEntry } from '../state/journal.ts';
import { done, type Effect } from './kind.ts';

/** Changes a row that the caller has locked. */
export function changeRow(client: PoolClient, before: ImageRow, after: ImageRow): Effect {
  return {
    name: 'change the row',
    run: async () => {
      await updateRow(client, before, after);
      return done;
    },
  };
}

/** Deletes a row that the caller has locked. */
export function removeRow(client: PoolClient, row: ImageRow): Effect {
  return {
    name: 'delete the row',
    run: async () => {
      await deleteRow(client, row);
      return done;
    },
  };
}

/** Takes a change back, if the row is still as the action left it. */
export async function returnRow(client: PoolClient, { undo }: JournalEntry): Promise<boolean> {
  return undo.rowBefore && undo.rowAfter ? updateRow(client, undo.rowAfter, undo.rowBefore) : false;
}

/** Inserts the row that the action deleted, if it deleted one; false when its id or key is taken. */
export async function reinsertRow(client: PoolClient, { undo }: JournalEntry): Promise<boolean> {
  return !undo.rowBefore || insertRow(client, undo.rowBefore);
}
