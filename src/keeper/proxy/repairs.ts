// Puts back an object that the store holds and the emulator has lost (P3): one that it answers as absent, or of which it does not
// send all bytes. An object that can't be put back is an error that names the reason.
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { agreeOnKey } from '../put-back/agree.ts';
import { isForGood, putBackObject } from '../put-back/put-back.ts';
import type { Call } from '../s3/call.ts';
import { type KeyName, pathOf } from '../s3/target.ts';
import type { Store } from '../store/contract.ts';
import { leaveOutBad } from '../turn/leave-out.ts';
import type { Locks } from '../turn/locks.ts';
import type { FillProgress } from '../turn/progress.ts';
import { locksOfKey } from '../turn/scope.ts';
import type { Wholeness } from '../turn/wholeness.ts';
import type { Emulator } from '../upstream/emulator.ts';

export interface RepairOptions {
  readonly store: Store;
  readonly emulator: Emulator;
  readonly locks: Locks;
  readonly wholeness: Wholeness;
  readonly progress: FillProgress;
  readonly logger: Logger;
  /** Objects were put back within a session: the emulator now tells another time of them. */
  readonly onPutBack: () => void;
}

export class Repairs {
  readonly #options: RepairOptions;
  /** Objects that are being put back because a reader did not get their bytes: once is enough for all readers. */
  readonly #underWay = new Set<string>();

  constructor(options: RepairOptions) {
    this.#options = options;
  }

  /**
   * To be called when the emulator says 404 of a key and all doubts about it are settled. Returns true when the emulator is to
   * be asked again, false when the key is absent in the store, too.
   * @throws KeepsakeError `S3ObjectMissing` when it can't be put back; `KeeperRestoring`, `S3Unavailable` for now
   */
  async repairAbsent({ target, epoch }: Call): Promise<boolean> {
    const { store, emulator, progress, logger } = this.#options;
    const { bucket, key } = target;
    const damage = store.object(bucket, key) === undefined ? store.damageOf(bucket, key) : undefined;
    if (damage !== undefined) throw missing(`${bucket}/${key} is damaged in the keeper's store: ${damage}`);
    if (store.object(bucket, key) === undefined) return false;
    return this.#aloneOn(target, async () => {
      try {
        const record = store.object(bucket, key);
        if (record === undefined) return true; // deleted meanwhile: the emulator says so now
        const client = emulator.clientFor(epoch);
        if ((await client.call('HEAD', pathOf(bucket, key))).status !== 404) return true;
        await putBackObject(store, client, record);
        progress.refused.delete(`${bucket}/${key}`);
        logger.warn({ bucket, key }, 'an object that the emulator had lost was put back');
        return true;
      } catch (error) {
        if (!isForGood(error)) throw error;
        await this.#assertBucketThere(bucket, epoch);
        throw missing(
          `the emulator does not take ${bucket}/${key} back, and the keeper still has it: ${reasonOf(error)}`,
        );
      }
    });
  }

  /** Puts an object back whose bytes the emulator did not send. Never rejects. */
  async repairCut({ target, epoch }: Call): Promise<void> {
    const { store, emulator, logger, onPutBack } = this.#options;
    const { bucket, key } = target;
    const name = `${bucket}/${key}`;
    if (key === '' || this.#underWay.has(name)) return;
    this.#underWay.add(name);
    try {
      if (!(await emulator.gate.confirm(epoch))) return; // the emulator that comes instead is filled
      await this.#aloneOn(target, async () => {
        if (store.object(bucket, key) === undefined) return;
        logger.warn({ bucket, key }, 'an object of which the emulator did not send all bytes is put back');
        await leaveOutBad(this.#options, target, () => agreeOnKey(store, emulator.clientFor(epoch), bucket, key));
        onPutBack();
      });
    } catch (error) {
      logger.warn({ bucket, key, reason: reasonOf(error) }, 'it is not put back yet');
    } finally {
      this.#underWay.delete(name);
    }
  }

  async #aloneOn<T>(name: KeyName, work: () => Promise<T>): Promise<T> {
    const release = await this.#options.locks.acquireAll(locksOfKey(name));
    const endWork = this.#options.emulator.gate.beginWork();
    try {
      return await work();
    } finally {
      endWork();
      release();
    }
  }

  // A bucket is not lost alone: an emulator that lost one is filled anew.
  async #assertBucketThere(bucket: string, epoch: number): Promise<void> {
    const { store, emulator, progress, wholeness } = this.#options;
    const isKept = store.buckets().some((known) => known.bucket === bucket) && !progress.refused.has(`${bucket}/`);
    if (!isKept || (await emulator.clientFor(epoch).call('HEAD', pathOf(bucket))).status !== 404) return;
    await store.commit({ kind: 'set-session', session: '' }); // no session: also the next keeper is to fill it
    if (emulator.gate.epoch === epoch) {
      wholeness.distrust();
      emulator.gate.distrust(`the emulator has lost the bucket ${bucket}`);
    }
    throw new KeepsakeError('KeeperRestoring', {
      what: `The emulator has lost the bucket ${bucket} and is being filled again`,
      remedy: 'Try again in a moment.',
    });
  }
}

function missing(what: string): KeepsakeError {
  return new KeepsakeError('S3ObjectMissing', {
    what,
    remedy:
      'See /_keeper/status; an earlier version may be had back by keepsake keeper restore, or put the object again.',
  });
}
