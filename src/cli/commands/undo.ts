// `keepsake undo`: takes back single actions by the ids that the integrity page shows, or all that the last repair did.
import { undoableOfLastRepair } from '../../reconciler/index.ts';
import { KeepsakeError } from '../../shared/errors.ts';
import type { ActionResult } from '../../shared/report.ts';
import { type Connected, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { findSystem } from '../system.ts';

export async function undo(context: Context, _options: object, ids: readonly string[]): Promise<number> {
  const connected = await connect(findSystem(context.env), context.logger);
  try {
    const undone: ActionResult[] = [];
    const wanted = await Promise.all(ids.map(async (id) => (id === 'last' ? lastRepair(connected) : [id])));
    for (const id of wanted.flat()) {
      const result = await connected.reconciler.undo(id);
      undone.push(result);
      context.print(`${context.style('green', '✓')} undone: ${result.action} of ${result.key}`);
    }
    context.printJson(undone);
    return 0;
  } finally {
    await connected.close();
  }
}

async function lastRepair({ pool }: Connected): Promise<readonly string[]> {
  const ids = await undoableOfLastRepair(pool, new Date());
  if (ids.length > 0) return ids;
  throw new KeepsakeError('ActionNotFound', {
    what: 'there is no repair that could be undone',
    expected: 'one of the last 30 days that was not undone yet',
    remedy: 'See the repairs on the integrity page.',
  });
}
