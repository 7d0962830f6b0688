// Makes a new emulator whole: what it holds that the store never knew is saved first, then buckets, settings, objects
// and uploads in progress are put into it. P3: counted, several at once, memory flat, a damaged entry skipped.
import { KeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { pathOf } from '../proxy/target.ts';
import type { ObjectRecord, Store } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { captureBucket, captureObject } from './capture.ts';
import { listBuckets, listKeys } from './listing.ts';
import { expectSuccess, putBackBucket, putBackBucketSettings, putBackObject, putBackUpload } from './put-back.ts';

/** How far a filling is; the keeper's status shows it. Times are Unix ms. */
export interface FillProgress {
  objectsDone: number;
  objectsTotal: number;
  bytesDone: number;
  bytesTotal: number;
  startedAt: number | null;
  finishedAt: number | null;
}

export const noFill = (): FillProgress => ({
  objectsDone: 0,
  objectsTotal: 0,
  bytesDone: 0,
  bytesTotal: 0,
  startedAt: null,
  finishedAt: null,
});

// An emulator is bound by its own process; more at once only queues there.
const workers = 16;

/** Fills the emulator from the store, once. @throws when the emulator fails: then it has to be done again */
export async function fill(
  store: Store,
  client: EmulatorClient,
  { progress, logger }: { readonly progress: FillProgress; readonly logger: Logger },
): Promise<void> {
  const { objects, bytes } = store.counts();
  Object.assign(progress, noFill(), { objectsTotal: objects, bytesTotal: bytes, startedAt: Date.now() });
  const captured = await captureUnknown(store, client);
  const buckets = store.buckets();
  for (const bucket of buckets) await putBackBucket(client, bucket);
  for (const bucket of buckets) await putBackBucketSettings(client, bucket);
  await eachAtOnce(store.objects(), async (record) => {
    if (!captured.has(`${record.bucket}/${record.key}`))
      await skipDamaged(logger, record, () => putBackRecord(store, client, logger, record));
    progress.objectsDone += 1;
    progress.bytesDone += record.sizeBytes;
  });
  for (const upload of store.uploads()) {
    await skipDamaged(logger, upload, async () => {
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

// The store sets aside what it finds damaged; here it only has to not stop the rest.
async function skipDamaged(
  logger: Logger,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KeepsakeError) || error.code !== 'IncompleteUpload') throw error;
    logger.error({ bucket, key, reason: error.message }, 'a damaged entry was left out');
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
    for await (const { key } of listKeys(client, bucket)) {
      if (store.object(bucket, key) !== undefined) continue;
      const [last] = store.retired(bucket, key);
      if (last?.cause === 'deleted')
        expectSuccess(await client.call('DELETE', pathOf(bucket, key)), `${bucket}/${key} was deleted again`);
      else {
        await captureObject(store, client, { bucket, key });
        captured.add(`${bucket}/${key}`);
      }
    }
  }
  return captured;
}

/** Works on all items, some at once; stops taking more at the first failure, and throws it when all have ended. */
async function eachAtOnce<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    while (failure === undefined) {
      const next = iterator.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, run));
  iterator.return?.();
  if (failure !== undefined) throw failure.error;
}
