// Kept versions of a key, and putting one back (P5).
import { KeepsakeError } from '../../shared/errors.ts';
import type { KeptVersion, RestoreRequest } from '../../shared/keeper-api.ts';
import { putBackBucket, putBackBucketSettings, putBackObject } from '../put-back/put-back.ts';
import { pathOf } from '../s3/target.ts';
import type { ObjectRecord, RetiredVersion, Store } from '../store/contract.ts';
import { keyScope } from '../turn/scope.ts';
import type { Turn } from '../turn/turn.ts';
import type { ChangeParts } from '../turn/turns.ts';
import { type Gate, restoring } from '../upstream/gate.ts';

/** All kept versions of a key, newest first. */
export function listVersions(store: Store, bucket: string, key: string): readonly KeptVersion[] {
  const current = store.object(bucket, key);
  return [...(current ? [current] : []), ...store.retired(bucket, key)].map(describeVersion);
}

/**
 * Makes a version the current one, in the store and in the emulator. The current one is put into the emulator again, in
 * case it was lost there. @throws KeepsakeError `VersionNotFound`, `KeeperRestoring`, `S3Unavailable`
 */
export type Undo = (request: RestoreRequest) => Promise<KeptVersion>;

export function createUndo({ store, turns }: ChangeParts, gate: Gate): Undo {
  return async (request) => {
    const turn = turns.begin(keyScope('restore', request), gate.epoch);
    try {
      await turn.enter();
      const version = await undoTo(store, turn, request);
      if (gate.epoch !== turn.epoch) throw restoring();
      turn.leave();
      return version;
    } catch (error) {
      const isUnchanged = error instanceof KeepsakeError && error.code === 'VersionNotFound';
      if (isUnchanged) turn.leave();
      else void turn.leaveUnknown();
      throw error;
    }
  };
}

async function undoTo(store: Store, { client }: Turn, request: RestoreRequest): Promise<KeptVersion> {
  const { bucket, key } = request;
  const chosen = chooseVersion(store, request);
  const current = store.object(bucket, key);
  if (chosen.versionId !== current?.versionId) {
    const { settings, etag, sizeBytes, headers, parts, versionId } = chosen;
    const meta = { bucket, key, etag, sizeBytes, headers, parts };
    await store.commit({ kind: 'put-object', meta, source: { kind: 'version', versionId }, settings });
  }
  const record = store.object(bucket, key);
  if (record === undefined) throw versionNotFound(request);
  const home = store.buckets().find((known) => known.bucket === bucket);
  if (home !== undefined && (await client.call('HEAD', pathOf(bucket))).status === 404) {
    await putBackBucket(client, home);
    await putBackBucketSettings(client, home);
  }
  await putBackObject(store, client, record);
  return describeVersion(record);
}

function chooseVersion(store: Store, request: RestoreRequest): ObjectRecord {
  const { bucket, key, versionId } = request;
  const all = [store.object(bucket, key), ...store.retired(bucket, key)];
  const chosen = all.find(
    (kept) => kept !== undefined && (versionId === undefined || String(kept.versionId) === versionId),
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
