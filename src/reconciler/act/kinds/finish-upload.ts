// Finish: the object of a pending upload arrived whole; its row becomes `stored`.
import { lockRow } from '../../observe/image-rows.ts';
import { type Kind, noBytes, nothingHappened, skipped } from '../kind.ts';
import { changeRow, returnRow } from '../row-effects.ts';
import { isUnchanged } from '../set-aside.ts';

export const finishUpload: Kind<'finish-upload'> = {
  lock: lockRow,
  async lookAgain({ client, bucket, action, row }) {
    if (row?.status !== 'pending') return skipped('the upload ended by itself');
    if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
    const { status, sizeBytes, sha256 } = action.row;
    const rowAfter = { ...row, status, sizeBytes, sha256 };
    return { kind: 'ready', undo: { rowBefore: row, rowAfter }, effects: [changeRow(client, row, rowAfter)] };
  },
  settle: nothingHappened,
  undo: { returnBytes: noBytes, returnRows: returnRow },
};
