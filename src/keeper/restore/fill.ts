// Makes a new emulator whole: what it holds that the store never knew is saved first, then buckets, settings, objects
// and uploads in progress are put into it. P3: counted, several at once, memory flat, a damaged entry skipped.
import type { Logger } from '../../shared/logger.ts';
import { pathOf } from '../proxy/target.ts';
import type { ObjectRecord, Store } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { captureBucket, captureObject } from './capture.ts';
import { listBuckets, listKeys } from './listing.ts';
import { type FillProgress, noFill } from './progress.ts';
import {
  expectSuccess,
  isForGood,
  orderedSettings,
  putBackBucket,
  putBackObject,
  putBackSetting,
  putBackUpload,
} from './put-back.ts';

interface FillOptions {
  readonly progress: FillProgress;
  readonly logger: Logger;
}

// An emulator is bound by its own process; more at once only queues there.
const workers = 16;

/** Fills the emulator from the store, once. @throws when the emulator fails: then it has to be done again */
export async function fill(store: Store, client: EmulatorClient, options: FillOptions): Promise<void> {
  const { progress, logger } = options;
  const { objects, bytes } = store.counts();
  Object.assign(progress, noFill(), { objectsTotal: objects, bytesTotal: bytes, startedAt: Date.now() });
  const captured = await captureUnknown(store, client);
  const buckets = store.buckets();
  for (const bucket of buckets) await putBackBucket(client, bucket);
  for (const bucket of buckets)
    for (const setting of orderedSettings(bucket))
      await leaveOutBad(options, bucket, () => putBackSetting(client, bucket.bucket, '', setting));
  await eachAtOnce(store.objects(), async (record) => {
    if (!captured.has(`${record.bucket}/${record.key}`))
      await leaveOutBad(options, record, () => putBackRecord(store, client, logger, record));
    progress.objectsDone += 1;
    progress.bytesDone += record.sizeBytes;
  });
  for (const upload of store.uploads()) {
    await leaveOutBad(options, upload, async () => {
      const upstreamUploadId = await putBackUpload(store, client, upload);
      await store.commit({ kind: 'rename-upload', uploadId: upload.uploadId, upstreamUploadId });
    });
  }
  progress.finishedAt = Date.now();
}

async function putBackRecord(
  store: Store,
  client: EmulatorClient,
  logger: Logger,
  record: ObjectRecord,
): Promise<void> {
  const etag = await putBackObject(store, client, record);
  if (etag !== record.etag)
    logger.warn({ bucket: record.bucket, key: record.key, etag, expected: record.etag }, 'an ETag changed on restore');
}

// One entry must not keep all others away: what can't be read (the store names it), or is refused for good, is left out.
async function leaveOutBad(
  { progress, logger }: FillOptions,
  { bucket, key = '', versionId }: { readonly bucket: string; readonly key?: string; readonly versionId?: number },
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isForGood(error)) throw error;
    logger.error({ bucket, key, reason: error.message }, 'an entry was left out of the restore');
    if (error.code !== 'S3BadAnswer') return;
    progress.refused.push({ bucket, key, reason: error.message });
    if (versionId !== undefined) progress.refusedVersions.set(`${bucket}/${key}`, versionId);
  }
}

/**
 * Objects that the emulator brought with it (init hooks, seeds) are saved; those a client had deleted go again.
 * Resolves with those saved, as bucket/key: they need not be put back.
 */
async function captureUnknown(store: Store, client: EmulatorClient): Promise<ReadonlySet<string>> {
  const captured = new Set<string>();
  const known = new Set(store.buckets().map(({ bucket }) => bucket));
  for (const bucket of await listBuckets(client)) {
    if (!known.has(bucket)) await captureBucket(store, client, bucket);
    await eachAtOnce(listKeys(client, bucket), async ({ key }) => {
      if (store.object(bucket, key) !== undefined) return;
      const [last] = store.retired(bucket, key);
      if (last?.cause === 'deleted')
        expectSuccess(await client.call('DELETE', pathOf(bucket, key)), `${bucket}/${key} was deleted again`);
      else {
        await captureObject(store, client, { bucket, key });
        captured.add(`${bucket}/${key}`);
      }
    });
  }
  return captured;
}

/** Works on all items, some at once; takes no more after the first failure, and throws it when all have ended. */
async function eachAtOnce<T>(items: Iterable<T> | AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  for await (const item of items) {
    const job = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(job));
    running.add(job);
    if (running.size >= workers) await Promise.race(running);
    if (failure !== undefined) break;
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.error;
}
