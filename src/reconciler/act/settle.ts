// Settling: ends every action that a run left `started` when it died (P9: the next run finishes it). The journal and
// the bytes decide, by the action's kind; each step can be cut again and settled again.
import { endAction, type JournalEntry, openActions } from '../state/journal.ts';
import type { SettleDeps } from './kind.ts';
import { kinds } from './kinds.ts';

const entriesAtATime = 100;

/**
 * Ends every action that nobody ended; answers with those whose bytes nobody can find, which stay `started`. The caller
 * holds the run lock, so none is alive, and has asked the brakes.
 * @throws KeepsakeError when S3 or Postgres can't say: then the rest stays `started`.
 */
export async function settleOpenActions(deps: SettleDeps): Promise<readonly JournalEntry[]> {
  const stillOpen: JournalEntry[] = [];
  let after: string | undefined;
  for (;;) {
    const entries = await openActions(deps.pool, entriesAtATime, after);
    for (const entry of entries) if (!(await isSettled(deps, entry))) stillOpen.push(entry);
    after = entries.at(-1)?.id;
    if (entries.length < entriesAtATime) return stillOpen;
  }
}

async function isSettled(deps: SettleDeps, entry: JournalEntry): Promise<boolean> {
  const settlement = await kinds[entry.action].settle(deps, entry);
  if (settlement.state === 'open') return false;
  const error = 'its run died; the next one settled it';
  await endAction(deps.pool, entry.id, { ...settlement, at: deps.clock(), error });
  return true;
}
