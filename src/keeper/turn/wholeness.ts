// Whether the emulator holds the key that is asked for. While the emulator is filled, each key is put back when the walk
// comes to it or when somebody asks for it, whichever is first. Both take the same steps, under the key's lock, from the
// store's state at that moment. So nothing is ever put back over something newer. P3: whole per key before it is answered.
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { putBackObject } from '../put-back/put-back.ts';
import type { KeyName } from '../s3/target.ts';
import type { ObjectRecord, Store } from '../store/contract.ts';
import type { Emulator } from '../upstream/emulator.ts';
import { restoring } from '../upstream/gate.ts';
import { eachAtOnce } from './at-once.ts';
import { leaveOutBad } from './leave-out.ts';
import { bucketLock, keyLock, type Locks } from './locks.ts';
import type { FillProgress } from './progress.ts';
import type { WholeKeys } from './whole-keys.ts';

export interface WholenessParts {
  readonly store: Store;
  readonly emulator: Emulator;
  readonly locks: Locks;
  readonly logger: Logger;
  readonly progress: FillProgress;
}

/** How many keys of one request, or of the walk, are put back at once: an emulator is bound by its own process. */
export const manyAtOnce = 16;

export class Wholeness {
  readonly #parts: WholenessParts;
  /** Undefined: nothing is missing. */
  #keys: WholeKeys | undefined;
  #waiting = 0;
  #isDistrusted = false;

  constructor(parts: WholenessParts) {
    this.#parts = parts;
  }

  /** How many requests wait for a key: they go before the walk. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether the emulator has lost what was put into it in the session that the store remembers: it is filled anew. */
  get isDistrusted(): boolean {
    return this.#isDistrusted;
  }

  distrust(): void {
    this.#isDistrusted = true;
  }

  /** From now on only these keys are whole. */
  begin(keys: WholeKeys): void {
    this.#keys = keys;
    this.#isDistrusted = false;
  }

  /** From now on all keys are. */
  end(): void {
    this.#keys = undefined;
  }

  /**
   * Sees to it that a key is whole, for a request that began in `epoch`; undefined: it is already.
   * @throws (rejects) KeepsakeError `KeeperRestoring`, `S3Unavailable`; one that can't be put back for good is left out
   */
  ensure(epoch: number, name: KeyName): Promise<void> | undefined {
    if (!this.#isMissing(name)) return undefined;
    return this.#waitFor(() => this.putBack(epoch, name));
  }

  /** As `ensure`, for keys whose locks the caller holds: undefined when all are whole. */
  ensureHeld(epoch: number, names: readonly KeyName[]): Promise<void> | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    const missing = names.filter((name) => this.#isMissing(name));
    if (missing.length > 0) {
      const options = { width: () => manyAtOnce, signal: new AbortController().signal };
      return this.#waitFor(() => eachAtOnce(missing, (name) => this.#putBackHeld(epoch, name), options));
    }
    for (const name of names) keys.add(name, 0); // the caller's state of it is newer than the walk's
    return undefined;
  }

  /** Puts a key back, unless somebody was faster. @throws as `ensure` */
  async putBack(epoch: number, name: KeyName): Promise<void> {
    const { bucket, key } = name;
    const release = await this.#parts.locks.acquireAll([bucketLock(bucket, true), keyLock(bucket, key)]);
    try {
      await this.#putBackHeld(epoch, name);
    } finally {
      release();
    }
  }

  #isMissing(name: KeyName): boolean {
    if (this.#keys === undefined || this.#keys.has(name)) return false;
    return this.#parts.store.object(name.bucket, name.key) !== undefined;
  }

  async #waitFor(work: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    try {
      await work();
    } finally {
      this.#waiting -= 1;
    }
  }

  async #putBackHeld(epoch: number, name: KeyName): Promise<void> {
    const { store } = this.#parts;
    const { gate } = this.#parts.emulator;
    if (!gate.isOpen || gate.epoch !== epoch) throw restoring();
    const keys = this.#keys;
    if (keys === undefined || keys.has(name)) return;
    const endWork = gate.beginWork(); // a new session's filling waits for us: ours could reach it, too
    try {
      const record = store.object(name.bucket, name.key);
      if (record !== undefined)
        await leaveOutBad(this.#parts, record, () => this.#putBackRecord(epoch, record)).catch(asRestoring);
      keys.add(name, record?.sizeBytes ?? 0);
      this.#tell(keys);
    } finally {
      endWork();
    }
  }

  async #putBackRecord(epoch: number, record: ObjectRecord): Promise<void> {
    const { store, emulator, logger } = this.#parts;
    const etag = await putBackObject(store, emulator.clientFor(epoch), record);
    if (etag === record.etag) return;
    const { bucket, key } = record;
    logger.warn({ bucket, key, etag, expected: record.etag }, 'an ETag changed on restore');
  }

  #tell({ done }: WholeKeys): void {
    const { progress } = this.#parts;
    progress.objectsDone = Math.min(done.objects, progress.objectsTotal);
    progress.bytesDone = Math.min(done.bytes, progress.bytesTotal);
  }
}

/** A disk that can't be read for a moment is no fault of the request that waits for it. */
function asRestoring(error: unknown): never {
  if (error instanceof KeepsakeError && error.kind === 'retry') throw error;
  throw new KeepsakeError(
    'KeeperRestoring',
    { what: `An object can't be put back yet: ${reasonOf(error)}`, remedy: 'Try again in a moment.' },
    error,
  );
}
