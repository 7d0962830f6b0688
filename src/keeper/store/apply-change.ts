// Carries out one change in the tables, inside the transaction of its caller. Deleting what is not there is done
// already; changing what is not there is refused: the store must never say "durable" of something it does not hold.
import { assertNever, KeepsakeError } from '../../shared/errors.ts';
import type { Setting } from './contract.ts';
import type { ContentChange, PutObjectContent } from './jobs.ts';
import type { Prepare } from './prepared.ts';
import {
  type BucketRow,
  bodiesOf,
  readSettings,
  readVersion,
  rowCheck,
  settingsJson,
  type VersionRow,
  versionJson,
  withoutSetting,
  withSetting,
} from './rows.ts';
import { abortUpload, completeUpload, createUpload, putPart, renameUpload } from './upload-table.ts';
import {
  implyBucket,
  insertBody,
  insertVersion,
  type JobScope,
  retireCurrent,
  segmentsOf,
  writeBucket,
} from './version-table.ts';

export function applyChange(scope: JobScope, change: ContentChange): void {
  const { prepare } = scope;
  switch (change.kind) {
    case 'put-bucket':
      putBucket(scope, change);
      break;
    case 'delete-bucket':
      deleteBucket(scope, change.bucket);
      break;
    case 'put-bucket-setting':
      changeBucketSettings(scope, change.bucket, (settings) => withSetting(settings, change.setting));
      break;
    case 'delete-bucket-setting':
      changeBucketSettings(scope, change.bucket, (settings) => withoutSetting(settings, change.name));
      break;
    case 'put-object':
      putObject(scope, change);
      break;
    case 'delete-objects':
      for (const key of change.keys) retireCurrent(scope, { bucket: change.bucket, key }, 'deleted');
      break;
    case 'put-object-setting':
      changeObjectSettings(scope, change, (settings) => withSetting(settings, change.setting));
      break;
    case 'delete-object-setting':
      changeObjectSettings(scope, change, (settings) => withoutSetting(settings, change.name));
      break;
    case 'create-upload':
      createUpload(scope, change.upload);
      break;
    case 'rename-upload':
      renameUpload(scope, change.uploadId, change.upstreamUploadId);
      break;
    case 'put-part':
      putPart(scope, change);
      break;
    case 'complete-upload':
      completeUpload(scope, change);
      break;
    case 'abort-upload':
      abortUpload(scope, change.uploadId);
      break;
    case 'set-session':
      prepare('UPDATE store SET session = ?').run(change.session);
      break;
    default:
      assertNever(change);
  }
}

// A bucket that is there keeps what it was created with: S3 answers a second CreateBucket without changing anything.
// One known only by what is in it (see implyBucket) has no headers yet, and gets them.
function putBucket({ prepare, at }: JobScope, change: Extract<ContentChange, { kind: 'put-bucket' }>): void {
  const { bucket, headers, body } = change;
  const known = bucketRow(prepare, bucket);
  if (known && (known.headers !== '{}' || known.body.length > 0)) return;
  const { settings = '[]', created_at = at } = known ?? {};
  writeBucket(prepare, { bucket, headers: JSON.stringify(headers), body, settings, created_at });
}

// The emulator only deletes empty buckets; what the store still holds there goes with it, and can be restored.
function deleteBucket(scope: JobScope, bucket: string): void {
  const { prepare } = scope;
  const keys = prepare('SELECT DISTINCT key FROM versions WHERE bucket = ? AND retired_at IS NULL').all(bucket);
  for (const { key } of keys as unknown as { key: string }[]) retireCurrent(scope, { bucket, key }, 'deleted');
  const uploads = prepare('SELECT upload_id FROM uploads WHERE bucket = ?').all(bucket);
  for (const { upload_id } of uploads as unknown as { upload_id: string }[]) abortUpload(scope, upload_id);
  prepare('DELETE FROM buckets WHERE bucket = ?').run(bucket);
}

function changeBucketSettings(
  scope: JobScope,
  bucket: string,
  change: (settings: readonly Setting[]) => readonly Setting[],
): void {
  implyBucket(scope, bucket);
  const row = bucketRow(scope.prepare, bucket);
  if (row) writeBucket(scope.prepare, { ...row, settings: settingsJson(change(readSettings(row.settings))) });
}

function bucketRow(prepare: Prepare, bucket: string): BucketRow | undefined {
  return prepare('SELECT * FROM buckets WHERE bucket = ?').get(bucket) as BucketRow | undefined;
}

function putObject(scope: JobScope, { meta, source, settings = [] }: PutObjectContent): void {
  insertVersion(scope, { meta, settings, bodies: bodiesFrom(scope, source) });
}

function bodiesFrom(scope: JobScope, source: PutObjectContent['source']): readonly number[] {
  const { prepare } = scope;
  switch (source.kind) {
    case 'content':
      return [insertBody(scope, source.content)];
    case 'same-as': {
      const row = prepare(
        'SELECT id FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NULL',
      ).get(source.bucket, source.key);
      if (!row) throw notHeld(`object ${JSON.stringify(`${source.bucket}/${source.key}`)}`);
      return segmentsOf(scope, Number(row.id));
    }
    case 'version': {
      const row = prepare('SELECT id FROM versions WHERE id = ? AND damage IS NULL').get(source.versionId);
      if (!row) throw notHeld(`version ${source.versionId}`);
      return segmentsOf(scope, source.versionId);
    }
    default:
      return assertNever(source);
  }
}

function changeObjectSettings(
  { prepare }: JobScope,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  change: (settings: readonly Setting[]) => readonly Setting[],
): void {
  const row = prepare(
    'SELECT * FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NULL',
  ).get(bucket, key) as unknown as VersionRow | undefined;
  const version = row && readVersion(row);
  if (!row || !version) throw notHeld(`object ${JSON.stringify(`${bucket}/${key}`)}`);
  const record = versionJson({ meta: version, settings: change(version.settings), bodies: bodiesOf(row) });
  prepare('UPDATE versions SET record = ?, row_check = ? WHERE id = ?').run(
    record,
    rowCheck({ ...row, record }),
    row.id,
  );
}

function notHeld(what: string): KeepsakeError {
  return new KeepsakeError('VersionNotFound', {
    what: `the keeper holds no ${what}`,
    remedy: 'Put it again: it was never acknowledged by the keeper, or it is set aside as damaged (see its status).',
  });
}
