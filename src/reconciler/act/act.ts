// Act does one planned action, whatever its kind, in one order:
// lock → look again → journal → effects → journal → commit → confirm. P9: nothing changes before its journal entry is on disk, so settle.ts can end whatever a crash cuts.
import type { PoolClient } from 'pg';
import { inTransaction } from '../../shared/postgres.ts';
import type { ActionKind, ActionResult } from '../../shared/report.ts';
import type { ActionOf, PlannedAction } from '../plan/plan.ts';
import { asRunError } from '../run-error.ts';
import { beginAction, endAction, noteFailure, type UndoNote } from '../state/journal.ts';
import type { ActDeps, Ended, Ready } from './kind.ts';
import { kindOf } from './kinds.ts';

/** How an action ended by itself. `skipped`: something was not as planned, so nothing was changed. */
interface Outcome {
  readonly state: 'done' | 'skipped' | 'failed';
  readonly reason: string;
}

/** How long an action can be undone, and its quarantined bytes are kept (P9). */
export const undoableMs = 30 * 24 * 3_600_000;

/** Does one action. Never throws for what S3, Postgres or the keeper do: that is a `failed` result, said in the log. */
export async function perform(deps: ActDeps, action: PlannedAction): Promise<ActionResult> {
  const { id, key } = action;
  try {
    const outcome = await act(deps, action);
    deps.logger.info({ key, action: action.action, ...outcome }, 'repair');
    return { id, action: action.action, key, ...outcome };
  } catch (thrown) {
    const error = asRunError(thrown);
    deps.logger.error({ key, action: action.action, err: thrown }, 'a repair failed');
    await noteFailure(deps.pool, id, error.message).catch(() => {}); // Postgres is away: the entry stays started
    return { id, action: action.action, key, state: 'failed', reason: error.message };
  }
}

async function act<K extends ActionKind>(deps: ActDeps, action: ActionOf<K>): Promise<Outcome> {
  const kind = kindOf(action);
  const outcome = await inTransaction(deps.pool, async (client): Promise<Outcome> => {
    const row = await kind.lock(client, action.key);
    const look = await kind.lookAgain({ ...deps, client, action, row });
    if (look.kind === 'skipped') return { state: 'skipped', reason: look.reason };
    if (look.undo) await begin(deps, action, look.undo);
    const end = await runEffects(look);
    if (look.undo) await endJournal(deps, client, { id: action.id, end });
    return end.kind === 'done' ? { state: 'done', reason: action.reason } : { state: end.state, reason: end.reason };
  });
  if (outcome.state !== 'done' || !kind.confirm) return outcome;
  const doubt = await kind.confirm(deps, action);
  return doubt ? { state: 'skipped', reason: doubt } : outcome;
}

type Journalled = Pick<PlannedAction, 'id' | 'action' | 'key' | 'reason'>;

// Through the pool: the entry is committed by itself, before the first effect.
async function begin({ pool, clock, runId }: ActDeps, action: Journalled, undo: UndoNote): Promise<void> {
  const startedAt = clock();
  const expiresAt = new Date(startedAt.getTime() + undoableMs);
  const { id, key, reason } = action;
  await beginAction(pool, { id, runId, action: action.action, key, undo: { ...undo, reason }, startedAt, expiresAt });
}

type End = { readonly kind: 'done'; readonly undo: UndoNote } | Ended;

async function runEffects({ undo, effects }: Ready): Promise<End> {
  let note: UndoNote = undo ?? {};
  for (const effect of effects) {
    const answer = await effect.run();
    if (answer.kind === 'ended') return answer;
    note = { ...note, ...answer.undo };
  }
  return { kind: 'done', undo: note };
}

// In the action's own transaction: its rows and its end hold together or not at all.
async function endJournal(
  { clock }: ActDeps,
  client: PoolClient,
  { id, end }: { readonly id: string; readonly end: End },
): Promise<void> {
  if (end.kind === 'done') return endAction(client, id, { state: 'done', at: clock(), undo: end.undo });
  const { error, undo, released } = end;
  await endAction(client, id, {
    state: 'failed',
    at: clock(),
    error,
    ...(undo && { undo }),
    ...(released && { released }),
  });
}
