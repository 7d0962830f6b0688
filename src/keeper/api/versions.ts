// Kept versions of a key, and putting one back (P5).
import { KeepsakeError } from '../../shared/errors.ts';
import type { KeptVersion, RestoreRequest } from '../../shared/keeper-api.ts';
import type { KeeperParts } from '../parts.ts';
import { putBackBucket, putBackBucketSettings, putBackObject } from '../put-back/put-back.ts';
import { pathOf } from '../s3/target.ts';
import type { ObjectRecord, RetiredVersion, Store } from '../store/contract.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { Visit } from '../turn/turn.ts';
import { restoring } from '../upstream/gate.ts';

/** All kept versions of a key, newest first. */
export function listVersions(store: Store, bucket: string, key: string): readonly KeptVersion[] {
  const current = store.object(bucket, key);
  return [...(current ? [current] : []), ...store.retired(bucket, key)].map(describeVersion);
}

/**
 * Makes a version the current one, in the store and in the emulator; the current one is put into the emulator again,
 * should it have lost it. @throws KeepsakeError `VersionNotFound`, `KeeperRestoring`, `S3Unavailable`
 */
export async function restoreVersion(keeper: KeeperParts, request: RestoreRequest): Promise<KeptVersion> {
  const { bucket, key } = request;
  const scope = {
    operation: 'restore',
    affected: { bucket, keys: [key] },
    locks: [bucketLock(bucket, true), keyLock(bucket, key)],
  };
  const visit = new Visit(keeper, scope, keeper.gate.epoch);
  try {
    await visit.enter();
    const restored = await restoreAlone(keeper, visit.epoch, request);
    visit.leave();
    return restored;
  } catch (error) {
    const isUnchanged = error instanceof KeepsakeError && error.code === 'VersionNotFound';
    if (isUnchanged) visit.leave();
    else void visit.leaveUnknown();
    throw error;
  }
}

async function restoreAlone(keeper: KeeperParts, epoch: number, request: RestoreRequest): Promise<KeptVersion> {
  const { store } = keeper;
  const { bucket, key } = request;
  const chosen = chooseVersion(store, request);
  const current = store.object(bucket, key);
  if (chosen.versionId !== current?.versionId) {
    const { settings, ...meta } = chosen;
    const { etag, sizeBytes, headers, parts } = meta;
    const source = { kind: 'version', versionId: chosen.versionId } as const;
    await store.commit({
      kind: 'put-object',
      meta: { bucket, key, etag, sizeBytes, headers, parts },
      source,
      settings,
    });
  }
  const record = store.object(bucket, key);
  if (record === undefined) throw versionNotFound(request);
  const client = keeper.clientFor(epoch);
  const home = store.buckets().find((one) => one.bucket === bucket);
  if (home !== undefined && (await client.call('HEAD', pathOf(bucket))).status === 404) {
    await putBackBucket(client, home);
    await putBackBucketSettings(client, home);
  }
  await putBackObject(store, client, record);
  if (keeper.gate.epoch !== epoch) throw restoring();
  return describeVersion(record);
}

function chooseVersion(store: Store, request: RestoreRequest): ObjectRecord {
  const { bucket, key, versionId } = request;
  const all = [store.object(bucket, key), ...store.retired(bucket, key)];
  const chosen = all.find(
    (one) => one !== undefined && (versionId === undefined || String(one.versionId) === versionId),
  );
  if (chosen === undefined) throw versionNotFound(request);
  return chosen;
}

function versionNotFound({ bucket, key, versionId }: RestoreRequest): KeepsakeError {
  return new KeepsakeError('VersionNotFound', {
    what: `no ${versionId === undefined ? 'version' : `version ${versionId}`} of ${bucket}/${key} is kept`,
    remedy: 'List what is kept: keepsake keeper versions <key>.',
  });
}

function describeVersion(version: ObjectRecord | RetiredVersion): KeptVersion {
  const { bucket, key, headers, sizeBytes } = version;
  const isRetired = 'retiredAt' in version;
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return {
    versionId: String(version.versionId),
    bucket,
    key,
    sizeBytes,
    state: isRetired ? version.cause : 'current',
    etag: version.etag.replaceAll('"', ''),
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), value])),
    savedAt: new Date(version.savedAt).toISOString(),
    retiredAt: isRetired ? new Date(version.retiredAt).toISOString() : null,
    expiresAt: isRetired ? new Date(version.expiresAt).toISOString() : null,
  };
}
