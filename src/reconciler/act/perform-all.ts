// Acting on a whole plan: in the order of preference, a few at a time, ending early when nothing works any more.
import { type ActionResult, actionKinds } from '../../shared/report.ts';
import { mapInFlight } from '../in-flight.ts';
import type { PlannedAction } from '../plan/plan.ts';
import { perform } from './act.ts';
import type { ActDeps } from './kind.ts';

const actionsInFlight = 4;
/** After so many failures the rest is left: servers that went away make every action wait for its timeouts. */
export const failuresAllowed = 20;

/** Performs a plan, yielding each result in order. @throws the signal's reason once what was under way is done. */
export async function* performAll(
  deps: ActDeps,
  plan: readonly PlannedAction[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly action: PlannedAction; readonly result: ActionResult }, void, void> {
  let failures = 0;
  function* whileItWorks(): Generator<PlannedAction, void, void> {
    for (const action of inOrder(plan)) {
      if (signal.aborted || failures >= failuresAllowed) return;
      yield action;
    }
  }
  yield* mapInFlight(whileItWorks(), actionsInFlight, async (action) => {
    const result = await perform(deps, action);
    if (result.state === 'failed') failures += 1;
    return { action, result };
  });
  signal.throwIfAborted(); // only now: the results of actions under way have been yielded
}

function inOrder(plan: readonly PlannedAction[]): readonly PlannedAction[] {
  return plan.toSorted((left, right) => actionKinds.indexOf(left.action) - actionKinds.indexOf(right.action));
}
