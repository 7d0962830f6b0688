// Adopt: an object's own metadata and bytes prove a row; the row is inserted.
import { inTransaction } from '../../../shared/postgres.ts';
import { headObject } from '../../../shared/s3/client.ts';
import { deleteRow, insertRow, lockRow } from '../../observe/image-rows.ts';
import type { ActionOf } from '../../plan/plan.ts';
import { endAction } from '../../state/journal.ts';
import { type ActDeps, done, type Effect, type Kind, noBytes, nothingHappened, type Scene, skipped } from '../kind.ts';
import { isUnchanged } from '../set-aside.ts';

export const adopt: Kind<'adopt'> = {
  lock: lockRow,
  // The outbox is read after the row: the API writes its entry in the transaction that deletes the row.
  async lookAgain(scene) {
    const { client, bucket, action, row } = scene;
    if (row || (await isBeingDeleted(scene))) return skipped(taken);
    if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
    const insert: Effect = {
      name: 'insert the row',
      run: async () =>
        (await insertRow(client, action.row))
          ? done
          : { kind: 'ended', state: 'skipped', reason: taken, error: 'another row has its id or key' },
    };
    return { kind: 'ready', undo: { rowAfter: action.row }, effects: [insert] };
  },
  // The API deletes an object before it drops the outbox entry: no entry then and no object now means deleted on purpose.
  async confirm(deps, action) {
    if ((await headObject(deps.bucket, action.key)).kind === 'present') return null;
    await takeBack(deps, action);
    return 'the object was deleted meanwhile';
  },
  settle: nothingHappened,
  undo: {
    returnBytes: noBytes,
    returnRows: async (client, { undo: { rowAfter } }) => rowAfter !== undefined && deleteRow(client, rowAfter),
  },
};

const taken = 'it has a row, or is being deleted';

async function isBeingDeleted({ client, action }: Scene<'adopt'>): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM outbox WHERE key = $1', [action.key]);
  return rowCount !== 0;
}

async function takeBack({ pool, clock }: ActDeps, { id, row }: ActionOf<'adopt'>): Promise<void> {
  await inTransaction(pool, async (client) => {
    await deleteRow(client, row);
    await endAction(client, id, { state: 'failed', at: clock(), error: 'its object was deleted meanwhile' });
  });
}
