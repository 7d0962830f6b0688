// The table of kinds: one entry for each action of the report.
import type { ActionKind } from '../../shared/report.ts';
import type { ActionOf } from '../plan/plan.ts';
import type { Kind } from './kind.ts';
import { adopt } from './kinds/adopt.ts';
import { correctRow } from './kinds/correct-row.ts';
import { deleteForGood } from './kinds/delete.ts';
import { discardPending } from './kinds/discard-pending.ts';
import { finishUpload } from './kinds/finish-upload.ts';
import { quarantine } from './kinds/quarantine.ts';
import { restore } from './kinds/restore.ts';

export const kinds: { readonly [K in ActionKind]: Kind<K> } = {
  restore,
  adopt,
  'finish-upload': finishUpload,
  'discard-pending': discardPending,
  'correct-row': correctRow,
  quarantine,
  delete: deleteForGood,
};

export function kindOf<K extends ActionKind>(action: ActionOf<K>): Kind<K> {
  return kinds[action.action];
}
