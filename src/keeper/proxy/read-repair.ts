// An object that the store holds is never answered as absent, whatever became of it in the emulator (P3): it is put back
// and asked for again. What can't be put back is an error that names the reason.
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { KeeperParts } from '../parts.ts';
import { isForGood, putBackObject } from '../put-back/put-back.ts';
import type { Call } from '../s3/call.ts';
import { pathOf } from '../s3/target.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';

/**
 * To be called when the emulator says 404 of a key and all doubts about it are settled: true when the emulator is to be
 * asked again, false when the key is absent in the store, too.
 * @throws KeepsakeError `S3ObjectMissing` when it can't be put back; `KeeperRestoring`, `S3Unavailable` for now
 */
export async function repairAbsent(keeper: KeeperParts, { target, epoch }: Call): Promise<boolean> {
  const { store, locks, gate, clientFor, logger } = keeper;
  const { bucket, key } = target;
  const damage = store.object(bucket, key) === undefined ? store.damageOf(bucket, key) : undefined;
  if (damage !== undefined) throw missing(`${bucket}/${key} is damaged in the keeper's store: ${damage}`);
  if (store.object(bucket, key) === undefined) return false;
  const release = await locks.acquireAll([bucketLock(bucket, true), keyLock(bucket, key)]);
  const endWork = gate.beginWork();
  try {
    const record = store.object(bucket, key);
    if (record === undefined) return true; // deleted meanwhile: the emulator says so now
    const client = clientFor(epoch);
    if ((await client.call('HEAD', pathOf(bucket, key))).status !== 404) return true;
    await putBackObject(store, client, record);
    keeper.progress.refused.delete(`${bucket}/${key}`);
    logger.warn({ bucket, key }, 'an object that the emulator had lost was put back');
    return true;
  } catch (error) {
    if (!isForGood(error)) throw error;
    await assertBucketThere(keeper, bucket, epoch);
    throw missing(`the emulator does not take ${bucket}/${key} back, and the keeper still has it: ${reasonOf(error)}`);
  } finally {
    endWork();
    release();
  }
}

// A bucket is not lost alone: whatever it was that took it, the emulator is filled anew.
async function assertBucketThere(
  { store, gate, clientFor, progress, wholeness }: KeeperParts,
  bucket: string,
  epoch: number,
): Promise<void> {
  const isKept = store.buckets().some((one) => one.bucket === bucket) && !progress.refused.has(`${bucket}/`);
  if (!isKept || (await clientFor(epoch).call('HEAD', pathOf(bucket))).status !== 404) return;
  await store.commit({ kind: 'set-session', session: '' }); // no session: also the next keeper is to fill it
  if (gate.epoch === epoch) {
    wholeness.distrust();
    gate.distrust(`the emulator has lost the bucket ${bucket}`);
  }
  throw new KeepsakeError('KeeperRestoring', {
    what: `The emulator has lost the bucket ${bucket} and is being filled again`,
    remedy: 'Try again in a moment.',
  });
}

function missing(what: string): KeepsakeError {
  return new KeepsakeError('S3ObjectMissing', {
    what,
    remedy:
      'See /_keeper/status; an earlier version may be had back by keepsake keeper restore, or put the object again.',
  });
}
