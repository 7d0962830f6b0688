// What the parts of a running keeper know of each other.
import type { Logger } from '../shared/logger.ts';
import type { HeadCache } from './replay/head-cache.ts';
import type { HeadTrust } from './replay/head-first.ts';
import type { Store } from './store/contract.ts';
import type { DiskGuard } from './store/disk-guard.ts';
import type { Doubts } from './turn/doubts.ts';
import type { Locks } from './turn/locks.ts';
import type { FillProgress } from './turn/progress.ts';
import type { Wholeness } from './turn/wholeness.ts';
import type { EmulatorClient } from './upstream/client.ts';
import type { Gate } from './upstream/gate.ts';
import type { Upstream } from './upstream/send.ts';

export interface KeeperParts {
  readonly store: Store;
  readonly upstream: Upstream;
  readonly gate: Gate;
  readonly locks: Locks;
  readonly doubts: Doubts;
  /** Answers' heads that can be given again (replay/replay.ts). */
  readonly heads: HeadCache;
  /** Where a HEAD tells what a GET would (replay/head-first.ts). */
  readonly headTrust: HeadTrust;
  readonly disk: DiskGuard;
  readonly logger: Logger;
  /** Buckets that the store is known to have: spares asking it each time. */
  readonly knownBuckets: Set<string>;
  /** Objects that are being put back because a reader did not get their bytes: once is enough for all. */
  readonly healing: Set<string>;
  readonly wholeness: Wholeness;
  /** The last filling of the emulator. */
  readonly progress: FillProgress;
  /** Calls of our own whose answers are believed only in `epoch`. */
  clientFor(epoch: number): EmulatorClient;
}
