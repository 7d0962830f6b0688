// Makes the emulator agree with the store on what one change may have touched. An unacknowledged change may be undone, and an
// acknowledged one is in the store: so the store is right. Only what the store has never known is taken over.
import { KeepsakeError } from '../../shared/errors.ts';
import { deletableBucketSettings } from '../s3/classify.ts';
import { pathOf } from '../s3/target.ts';
import type { Store } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { expectSuccess } from '../upstream/emulator.ts';
import { captureInTwoTries } from './capture.ts';
import { listBuckets, listKeys } from './listing.ts';
import {
  putBackBucket,
  putBackBucketSettings,
  putBackObject,
  putBackPart,
  putBackSetting,
  putBackUpload,
} from './put-back.ts';

/** The things that a change may have touched. `keys` null: the bucket itself, its settings, any of its keys. */
export interface Affected {
  readonly bucket: string;
  readonly keys: readonly string[] | null;
  readonly uploadId?: string;
  /** Only this part of the upload. */
  readonly partNumber?: number;
  /** A setting of the bucket, or of the one key. */
  readonly setting?: string;
}

/** Makes the emulator agree with the store on what was affected. @throws as the emulator's calls */
export async function agree(store: Store, client: EmulatorClient, affected: Affected): Promise<void> {
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
    // Even if the emulator shows the same head: LocalStack empties an object's file before it reads the new bytes. When
    // that fails (a wrong checksum, a client that left), the old head stays without bytes (s3/storage/ephemeral.py, write).
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
  const record = store.buckets().find((known) => known.bucket === bucket);
  if (key !== '' || record === undefined) return;
  const setting = record.settings.find((known) => known.name === name);
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
  const record = store.buckets().find((known) => known.bucket === bucket);
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
