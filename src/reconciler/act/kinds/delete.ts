// Delete takes one of two things away. A row that nothing brings back: undo inserts it again. Or quarantined bytes whose
// time is over: they go for good, so they leave no journal entry of their own and nothing to undo.
import type { ImageRow } from '../../../shared/image.ts';
import { lockRow } from '../../observe/image-rows.ts';
import { readObjectBytes } from '../../observe/object-bytes.ts';
import { restoreSources } from '../../plan/means.ts';
import type { DeleteTarget } from '../../plan/plan.ts';
import { findAction, forgetQuarantine } from '../../state/journal.ts';
import { returnAside, settleAside } from '../aside-effects.ts';
import { done, type Effect, type Kind, type Ready, type Scene, type Skipped, skipped } from '../kind.ts';
import { reinsertRow, removeRow } from '../row-effects.ts';
import { deleteForever, hasBytesOf, isUnchanged } from '../set-aside.ts';

export const deleteForGood: Kind<'delete'> = {
  lock: lockRow,
  lookAgain: (scene) =>
    scene.action.target.kind === 'row'
      ? lookAtRow(scene, scene.action.target.row)
      : lookAtQuarantined(scene, scene.action.target),
  settle: settleAside,
  undo: { returnBytes: returnAside, returnRows: reinsertRow },
};

async function lookAtRow(scene: Scene<'delete'>, planned: ImageRow): Promise<Ready | Skipped> {
  const { client, bucket, row, action } = scene;
  if (row?.status !== 'stored' || row.sha256 !== planned.sha256) return skipped('the row changed');
  if (!(await isUnchanged(bucket, action.key, null))) return skipped('the object is there again');
  const sources = await restoreSources(scene, row);
  if (sources === 'unknown' || sources.length > 0) return skipped('something may bring it back');
  return { kind: 'ready', undo: { rowBefore: row }, effects: [removeRow(client, row)] };
}

type Quarantined = Extract<DeleteTarget, { readonly kind: 'quarantined' }>;

// They may be the last bytes of an image that is missing, or that a restore is bringing back: it holds the row.
async function lookAtQuarantined(
  { pool, bucket, client, row }: Scene<'delete'>,
  { actionId, quarantineKey }: Quarantined,
): Promise<Ready | Skipped> {
  const { sha256 } = (await findAction(pool, actionId)).undo;
  if (row && row.sha256 === sha256 && !hasBytesOf(await readObjectBytes(bucket, row.key), row))
    return skipped('its image needs these bytes');
  const remove: Effect = {
    name: 'delete for good',
    run: async () => {
      await deleteForever(bucket, quarantineKey);
      await forgetQuarantine(client, actionId);
      return done;
    },
  };
  return { kind: 'ready', undo: null, effects: [remove] };
}
