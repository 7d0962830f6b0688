// Discard: an upload never finished, and its object is not what it promised or is not there. The object is set aside
// before the row goes: an object whose row went first would look like one to adopt.
import { lockRow } from '../../observe/image-rows.ts';
import { abortParts } from '../abandoned-parts.ts';
import { copyAside, removeOriginal, returnAside, settleAside } from '../aside-effects.ts';
import { done, type Effect, type Kind, type Scene, skipped } from '../kind.ts';
import { reinsertRow, removeRow } from '../row-effects.ts';
import { isUnchanged, quarantineKeyOf } from '../set-aside.ts';

export const discardPending: Kind<'discard-pending'> = {
  lock: lockRow,
  async lookAgain(scene) {
    const { client, bucket, action, row } = scene;
    const { id, key, object } = action;
    if (row?.status !== 'pending') return skipped('the upload ended by itself');
    if (row.uploadedAt > action.row.uploadedAt) return skipped('the upload showed life again');
    if (!(await isUnchanged(bucket, key, object))) return skipped('the object changed');
    const quarantineKey = quarantineKeyOf(id, key);
    const moveAside = object ? [copyAside(bucket, key, quarantineKey), removeOriginal(bucket, object)] : [];
    return {
      kind: 'ready',
      undo: { rowBefore: row, ...(object && { quarantineKey }) },
      effects: [...moveAside, forgetParts(scene), removeRow(client, row)],
    };
  },
  settle: settleAside,
  undo: { returnBytes: returnAside, returnRows: reinsertRow },
};

function forgetParts({ bucket, action }: Scene<'discard-pending'>): Effect {
  return {
    name: 'abort the upload',
    run: async () => {
      await abortParts(bucket, action.key);
      return done;
    },
  };
}
