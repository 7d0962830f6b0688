// The keeper's status as its API tells it.
import type { KeeperStatus } from '../../shared/keeper-api.ts';
import { version } from '../../shared/version.ts';
import type { CommitsWaiting, Store } from '../store/contract.ts';
import type { DiskGuard } from '../store/disk-guard.ts';
import type { Doubts } from '../turn/doubts.ts';
import { type FillProgress, secondsLeft } from '../turn/progress.ts';
import type { Gate } from '../upstream/gate.ts';

/** The sources of the status. */
export interface StatusSources {
  readonly store: Store;
  readonly gate: Gate;
  readonly disk: DiskGuard;
  readonly doubts: Doubts;
  readonly progress: FillProgress;
}

/** The status now. */
export function readStatus({ store, gate, disk, doubts, progress }: StatusSources, upstreamUrl: string): KeeperStatus {
  const { startedAt, finishedAt, refused, ...done } = progress;
  return {
    version: version,
    state: gate.state,
    storeId: store.id,
    storeCreatedAt: new Date(store.createdAt).toISOString(),
    session: gate.session?.id ?? null,
    upstream: upstreamUrl,
    restore: {
      ...done,
      secondsLeft: secondsLeft(progress, Date.now()),
      startedAt: isoTime(startedAt),
      finishedAt: isoTime(finishedAt),
    },
    counts: store.counts(),
    lag: lagOf(doubts.now(), store.commitsWaiting()),
    disk: disk.space && { ...disk.space, minFreeBytes: disk.minFreeBytes, isLow: disk.isLow },
    damaged: [...store.damaged(), ...refused.values()],
  };
}

function lagOf(changes: CommitsWaiting, commits: CommitsWaiting): KeeperStatus['lag'] {
  return {
    changes: changes.count,
    oldestChangeMs: Math.round(changes.oldestMs),
    commits: commits.count,
    oldestCommitMs: Math.round(commits.oldestMs),
  };
}

/** ISO 8601, or null for null. */
export function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
