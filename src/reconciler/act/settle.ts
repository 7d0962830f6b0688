// Settling: ends every action that a run left `started` when it died (P9: the next run finishes it). The journal and
// the bytes decide, by the action's kind; each step can be cut again and settled again.
import { endAction, type JournalEntry, openActions } from '../state/journal.ts';
import type { SettleDeps } from './kind.ts';
import { kinds } from './kinds.ts';

const entriesAtATime = 100;

/**
 * Ends every action that nobody ended; answers how many there were. The caller holds the run lock, so none is alive.
 * @throws KeepsakeError when S3 or Postgres can't say: then the rest stays `started`.
 */
export async function settleOpenActions(deps: SettleDeps): Promise<number> {
  let settled = 0;
  for (;;) {
    const entries = await openActions(deps.pool, entriesAtATime);
    for (const entry of entries) await settle(deps, entry);
    settled += entries.length;
    if (entries.length < entriesAtATime) return settled;
  }
}

async function settle(deps: SettleDeps, entry: JournalEntry): Promise<void> {
  const settlement = await kinds[entry.action].settle(deps, entry);
  const error = 'its run died; the next one settled it';
  await endAction(deps.pool, entry.id, { ...settlement, at: deps.clock(), error });
}
