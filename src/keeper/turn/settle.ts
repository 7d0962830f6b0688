// After a change whose outcome is not known: makes emulator and store agree again. An unacknowledged change may be undone,
// an acknowledged one can't be among them: so the store is right, and only what it has never known is taken over.
import { setTimeout as delay } from 'node:timers/promises';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { KeeperParts } from '../parts.ts';
import { captureInTwoTries } from '../put-back/capture.ts';
import { listBuckets, listKeys } from '../put-back/listing.ts';
import {
  expectSuccess,
  isForGood,
  putBackBucket,
  putBackBucketSettings,
  putBackObject,
  putBackPart,
  putBackSetting,
  putBackUpload,
} from '../put-back/put-back.ts';
import { deletableBucketSettings } from '../s3/classify.ts';
import { pathOf } from '../s3/target.ts';
import type { Intent, Store } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';

/** What a change may have touched. `keys` null: the bucket itself, its settings, any of its keys. */
export interface Affected {
  readonly bucket: string;
  readonly keys: readonly string[] | null;
  readonly uploadId?: string;
  /** Only this part of the upload. */
  readonly partNumber?: number;
  /** A setting of the bucket, or of the one key. */
  readonly setting?: string;
}

/** The operation's name as an intent keeps it: with what the intent has no field for. */
export function describeOperation(operation: string, { uploadId, partNumber, setting }: Affected): string {
  return JSON.stringify({ operation, uploadId, partNumber, setting });
}

/** What an intent of an earlier process may have touched. */
export function affectedBy({ bucket, key, operation }: Intent): Affected {
  const { uploadId, partNumber, setting } = JSON.parse(operation) as Partial<Affected>;
  return {
    bucket,
    keys: key === null ? null : [key],
    ...(uploadId !== undefined && { uploadId }),
    ...(partNumber !== undefined && { partNumber }),
    ...(setting !== undefined && { setting }),
  };
}

const minRetryMs = 250;
const maxRetryMs = 5_000;

/** What an emulator that answers may still work on when its client is gone: it does for milliseconds. */
const lastRequestsMs = 500;

/** How a change of unknown outcome ended: settled, or left to the next start. */
export type Settlement = 'agreed' | 'keeper stops' | 'store failed';

/**
 * Makes emulator and store agree on what was affected, however long it takes. A session that comes after `epoch` does it by
 * its filling. `isAnswered`: the emulator is done with the change; else it may still be at it.
 */
export async function settle(
  keeper: KeeperParts,
  affected: Affected,
  { epoch, isAnswered }: { readonly epoch: number; readonly isAnswered: boolean },
): Promise<Settlement> {
  const { gate, logger, store } = keeper;
  for (let retryMs = minRetryMs; ; retryMs = Math.min(2 * retryMs, maxRetryMs)) {
    try {
      await gate.untilOpenOrOver(epoch);
    } catch {
      return 'keeper stops';
    }
    if (!isAnswered && gate.epoch === epoch) await delay(lastRequestsMs, undefined, { ref: false });
    // A commit whose fsync failed may count when the store is opened again: only then is it known what to agree on.
    if (store.failure() !== undefined) return 'store failed';
    if (gate.epoch !== epoch) return 'agreed';
    try {
      await agree(store, keeper.clientFor(epoch), affected);
      keeper.heads.clear();
      return 'agreed';
    } catch (error) {
      if (isForGood(error)) {
        // a restart would leave it out too
        logger.error({ bucket: affected.bucket, reason: reasonOf(error) }, "a change can't be settled");
        return 'agreed';
      }
      logger.warn({ bucket: affected.bucket, reason: reasonOf(error) }, 'a change is not settled yet');
      gate.suspect();
      await delay(retryMs, undefined, { ref: false });
    }
  }
}

/** Settles the buckets' settings among what an earlier process left open: a filling decides all else. @throws as the emulator's calls */
export async function settleSettings(store: Store, client: EmulatorClient, logger: Logger): Promise<void> {
  const settings = store
    .openIntents()
    .filter((intent) => intent.key === null && affectedBy(intent).setting !== undefined);
  for (const intent of settings) await settleIntent(store, client, { intent, logger });
}

/**
 * Settles what an earlier process left open, when the emulator is done with it; one entry that is bad for good must not keep
 * all others away. @throws as the emulator's calls, and when `signal` aborts
 */
export async function settleEarlier(
  store: Store,
  client: EmulatorClient,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const intents = store.openIntents();
  if (intents.length > 0) await delay(lastRequestsMs, undefined, { signal });
  for (const intent of intents) await settleIntent(store, client, { intent, logger });
}

async function settleIntent(
  store: Store,
  client: EmulatorClient,
  { intent, logger }: { readonly intent: Intent; readonly logger: Logger },
): Promise<void> {
  try {
    await agree(store, client, affectedBy(intent));
  } catch (error) {
    if (!isForGood(error)) throw error;
    logger.error({ bucket: intent.bucket, key: intent.key, reason: error.message }, "a change can't be settled");
  }
  store.endIntent(intent);
}

/** Makes the emulator agree with the store on what was affected. @throws as the emulator's calls */
async function agree(store: Store, client: EmulatorClient, affected: Affected): Promise<void> {
  const { bucket, keys, uploadId, partNumber, setting } = affected;
  if (setting !== undefined) return agreeOnSetting(store, client, { bucket, key: keys?.[0] ?? '', name: setting });
  if (uploadId !== undefined && partNumber !== undefined) return putBackPart(store, client, uploadId, partNumber);
  if (uploadId !== undefined) await agreeOnUpload(store, client, uploadId);
  if (keys === null) return agreeOnBucket(store, client, bucket);
  for (const key of keys) await agreeOnKey(store, client, bucket, key);
}

/** Makes the emulator agree with the store on one key. @throws as the emulator's calls */
export async function agreeOnKey(store: Store, client: EmulatorClient, bucket: string, key: string): Promise<void> {
  const record = store.object(bucket, key);
  if (record !== undefined) {
    // Even if the emulator tells the same of it: LocalStack empties an object's file before it has read what comes over it.
    // When that fails (a wrong checksum, a client that is gone), the old head stays, and has no bytes any more
    // (s3/storage/ephemeral.py, write).
    await putBackObject(store, client, record);
    return;
  }
  const { status } = await client.call('HEAD', pathOf(bucket, key));
  if (status !== 404) await keepOrDelete(store, client, bucket, key);
}

// It may be older than the change, made behind our back: better kept. Where there is no room, the change is undone; where the
// emulator has its head and no bytes, nothing can be kept.
async function keepOrDelete(store: Store, client: EmulatorClient, bucket: string, key: string): Promise<void> {
  try {
    await captureInTwoTries(store, client, { bucket, key });
  } catch (error) {
    if (!(error instanceof KeepsakeError)) throw error;
    if (error.code === 'S3Unavailable') throw await blameObject(client, `${bucket}/${key}`, error);
    if (error.code !== 'DiskFull') throw error;
    expectSuccess(await client.call('DELETE', pathOf(bucket, key)), 'an unacknowledged object went');
  }
}

/** The fault is the object's when the emulator answers otherwise. @throws KeepsakeError `S3Unavailable` when it does not */
async function blameObject(client: EmulatorClient, name: string, cause: KeepsakeError): Promise<KeepsakeError> {
  await listBuckets(client);
  const what = `an object that the keeper does not know can't be read from the emulator: ${name}`;
  return new KeepsakeError('S3BadAnswer', { what, got: cause.message }, cause);
}

async function agreeOnSetting(
  store: Store,
  client: EmulatorClient,
  { bucket, key, name }: { readonly bucket: string; readonly key: string; readonly name: string },
): Promise<void> {
  if (!client.hasSubResources && name !== 'lifecycle') return; // it would take the call for one on the bucket itself
  const object = key === '' ? undefined : store.object(bucket, key);
  if (object !== undefined) {
    await putBackObject(store, client, object);
    return;
  }
  const record = store.buckets().find((one) => one.bucket === bucket);
  if (key !== '' || record === undefined) return;
  const setting = record.settings.find((one) => one.name === name);
  if (setting !== undefined) return putBackSetting(client, bucket, '', setting);
  if (name !== 'acl' && !deletableBucketSettings.has(name)) return; // nothing undoes it, and DELETE would be that of the bucket
  const answer =
    name === 'acl'
      ? await client.call('PUT', pathOf(bucket, '', name), { headers: ['x-amz-acl', 'private'] })
      : await client.call('DELETE', pathOf(bucket, '', name));
  if (answer.status >= 500) expectSuccess(answer, `?${name} went from ${bucket}`);
}

/** Puts an upload back unless the emulator has it. @throws as the emulator's calls */
export async function agreeOnUpload(store: Store, client: EmulatorClient, uploadId: string): Promise<void> {
  const upload = store.upload(uploadId);
  if (upload === undefined) return; // ended, or never begun for its client: a rest in the emulator harms nobody
  const query = `max-parts=1&uploadId=${encodeURIComponent(upload.upstreamUploadId)}`;
  const { status } = await client.call('GET', pathOf(upload.bucket, upload.key, query));
  if (status !== 404) return;
  await store.commit({ kind: 'rename-upload', uploadId, upstreamUploadId: await putBackUpload(store, client, upload) });
}

// A bucket that nobody was told of goes if it is empty; what else it holds was made behind our back, and stays.
async function agreeOnBucket(store: Store, client: EmulatorClient, bucket: string): Promise<void> {
  const record = store.buckets().find((one) => one.bucket === bucket);
  if (record === undefined) {
    const answer = await client.call('DELETE', pathOf(bucket));
    if (answer.status >= 500) expectSuccess(answer, `an unacknowledged bucket went: ${bucket}`);
    return;
  }
  await putBackBucket(client, record);
  await putBackBucketSettings(client, record);
  for await (const { key, etag } of listKeys(client, bucket)) {
    if (store.object(bucket, key)?.etag !== etag) await agreeOnKey(store, client, bucket, key);
  }
}
