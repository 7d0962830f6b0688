// Correct: the bytes have the SHA-256 of the row, so the size in the row is wrong.
import { lockRow } from '../../observe/image-rows.ts';
import { type Kind, noBytes, nothingHappened, skipped } from '../kind.ts';
import { changeRow, returnRow } from '../row-effects.ts';
import { isUnchanged } from '../set-aside.ts';

export const correctRow: Kind<'correct-row'> = {
  lock: lockRow,
  async lookAgain({ client, bucket, action, row }) {
    if (row?.status !== 'stored' || row.sha256 !== action.row.sha256) return skipped('the row changed');
    if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
    const rowAfter = { ...row, sizeBytes: action.sizeBytes };
    return { kind: 'ready', undo: { rowBefore: row, rowAfter }, effects: [changeRow(client, row, rowAfter)] };
  },
  settle: nothingHappened,
  undo: { returnBytes: noBytes, returnRows: returnRow },
};
