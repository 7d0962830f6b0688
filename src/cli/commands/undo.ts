// `keepsake undo`: takes repairs back, by the ids that `fix` and the integrity page show, or the last one.
import { createIntegrityService } from '../../reconciler/index.ts';
import { KeepsakeError } from '../../shared/errors.ts';
import type { ActionResult } from '../../shared/report.ts';
import type { Context } from '../context.ts';
import { type Connected, connect, findSystem } from '../system.ts';

export async function undo(context: Context, ids: readonly string[]): Promise<number> {
  const connected = await connect(findSystem(context.env), context.logger);
  try {
    const undone: ActionResult[] = [];
    for (const id of ids) {
      const result = await connected.reconciler.undo(id === 'last' ? await lastUndoable(connected) : id);
      undone.push(result);
      context.print(`${context.style('green', '✓')} undone: ${result.action} of ${result.key}`);
    }
    context.printJson(undone);
    return 0;
  } finally {
    await connected.close();
  }
}

async function lastUndoable({ reconcilerDeps }: Connected): Promise<string> {
  const actions = await createIntegrityService(reconcilerDeps).actions({ limit: 200 });
  const last = actions.find(({ isUndoable }) => isUndoable);
  if (last) return last.id;
  throw new KeepsakeError('ActionNotFound', {
    what: 'there is no action that could be undone',
    expected: 'a repair of the last 30 days that was not undone yet',
    remedy: 'See the actions on the integrity page.',
  });
}
