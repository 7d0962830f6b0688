// Quarantine: no row refers to an object; it is set aside, and can come back for as long as actions can be undone.
import { lockRow } from '../../observe/image-rows.ts';
import { copyAside, removeOriginal, returnAside, settleAside } from '../aside-effects.ts';
import { type Kind, skipped } from '../kind.ts';
import { reinsertRow } from '../row-effects.ts';
import { isUnchanged, quarantineKeyOf } from '../set-aside.ts';

export const quarantine: Kind<'quarantine'> = {
  lock: lockRow,
  async lookAgain({ bucket, action, row }) {
    const { id, key, object } = action;
    if (row) return skipped('it has a row now');
    if (!(await isUnchanged(bucket, key, object))) return skipped('the object changed');
    const quarantineKey = quarantineKeyOf(id, key);
    return {
      kind: 'ready',
      undo: { quarantineKey },
      effects: [copyAside(bucket, key, quarantineKey), removeOriginal(bucket, object)],
    };
  },
  settle: settleAside,
  undo: { returnBytes: returnAside, returnRows: reinsertRow },
};
