// Prepares a new emulator for its first answer: saves the things that it brought with it, and makes all buckets with
// their settings. Objects come after, each before it is asked for (wholeness.ts).
import { KeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { captureBucket, captureInTwoTries } from '../put-back/capture.ts';
import { listBuckets, listKeys } from '../put-back/listing.ts';
import { orderedSettings, putBackBucket, putBackSetting } from '../put-back/put-back.ts';
import type { KeyName } from '../s3/target.ts';
import { pathOf } from '../s3/target.ts';
import type { Store } from '../store/contract.ts';
import { eachAtOnce } from '../turn/at-once.ts';
import { leaveOutBad } from '../turn/leave-out.ts';
import type { FillProgress } from '../turn/progress.ts';
import { manyAtOnce } from '../turn/wholeness.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { expectSuccess } from '../upstream/emulator.ts';
import { settleSettings } from './settle-earlier.ts';

export interface PrepareOptions {
  readonly progress: FillProgress;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Told of each object that was saved from the emulator: it is whole. */
  readonly onCaptured: (name: KeyName) => void;
}

/** Makes buckets and settings whole, and saves what the store never knew. @throws when the emulator fails: then it has to be done again */
export async function prepare(store: Store, client: EmulatorClient, options: PrepareOptions): Promise<void> {
  await captureUnknown(store, client, options);
  const buckets = store.buckets();
  for (const bucket of buckets) await leaveOutBad(options, bucket, () => putBackBucket(client, bucket));
  for (const bucket of buckets)
    for (const setting of orderedSettings(bucket))
      await leaveOutBad(options, bucket, () => putBackSetting(client, bucket.bucket, '', setting));
  await settleSettings(store, client, options.logger);
}

/** Objects that the emulator brought with it (init hooks, seeds) are saved; those a client had deleted go again. */
async function captureUnknown(store: Store, client: EmulatorClient, options: PrepareOptions): Promise<void> {
  const known = new Set(store.buckets().map(({ bucket }) => bucket));
  const width = { width: () => manyAtOnce, signal: options.signal };
  for (const bucket of await listBuckets(client)) {
    if (!known.has(bucket)) await captureBucket(store, client, bucket);
    const take = async ({ key }: { readonly key: string }): Promise<void> => {
      if (store.object(bucket, key) !== undefined) return;
      const [last] = store.retired(bucket, key);
      if (last?.cause === 'deleted')
        expectSuccess(await client.call('DELETE', pathOf(bucket, key)), `${bucket}/${key} was deleted again`);
      else await captureOrName(store, client, { ...options, bucket, key });
    };
    await eachAtOnce(listKeys(client, bucket), take, width);
    options.signal.throwIfAborted();
  }
}

// An object that the emulator can't show, although it answers otherwise, must not keep all others away.
async function captureOrName(
  store: Store,
  client: EmulatorClient,
  { progress, logger, onCaptured, bucket, key }: PrepareOptions & KeyName,
): Promise<void> {
  try {
    await captureInTwoTries(store, client, { bucket, key });
    onCaptured({ bucket, key });
  } catch (error) {
    if (!(error instanceof KeepsakeError) || !['S3Unavailable', 'S3BadAnswer'].includes(error.code)) throw error;
    await listBuckets(client); // it answers otherwise: the fault is the object's
    const reason = `the emulator brought it, and it can't be saved: ${error.message}`;
    logger.error({ bucket, key, reason }, 'an object is not kept');
    progress.refused.set(`${bucket}/${key}`, { bucket, key, reason });
  }
}
