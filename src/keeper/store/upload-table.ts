// The commit thread's hand on multipart uploads. A completed object is the list of its parts' bodies, not a copy.
import { KeepsakeError } from '../../shared/errors.ts';
import type { UploadRecord } from './contract.ts';
import type { ContentChange, PutPartContent } from './jobs.ts';
import type { Prepare } from './prepared.ts';
import { partCheck, type UploadRow, uploadCheck } from './rows.ts';
import { dropUnnamedBody, implyBucket, insertBody, insertVersion, type JobScope } from './version-table.ts';

export function createUpload(scope: JobScope, upload: UploadRecord): void {
  implyBucket(scope, upload.bucket);
  writeUpload(scope.prepare, {
    upload_id: upload.uploadId,
    bucket: upload.bucket,
    key: upload.key,
    upstream_upload_id: upload.upstreamUploadId,
    headers: JSON.stringify(upload.headers),
    created_at: upload.createdAt,
  });
}

export function renameUpload({ prepare }: JobScope, uploadId: string, upstreamUploadId: string): void {
  const row = prepare('SELECT * FROM uploads WHERE upload_id = ?').get(uploadId) as UploadRow | undefined;
  if (!row) throw noSuchUpload(uploadId);
  writeUpload(prepare, { ...row, upstream_upload_id: upstreamUploadId });
}

function writeUpload(prepare: Prepare, row: Omit<UploadRow, 'row_check'>): void {
  prepare(
    `INSERT OR REPLACE INTO uploads (upload_id, bucket, key, upstream_upload_id, headers, created_at, row_check)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(row.upload_id, row.bucket, row.key, row.upstream_upload_id, row.headers, row.created_at, uploadCheck(row));
}

/** A part that was sent before is replaced. */
export function putPart(scope: JobScope, { uploadId, part, source }: PutPartContent): void {
  const { prepare } = scope;
  if (!prepare('SELECT 1 FROM uploads WHERE upload_id = ?').get(uploadId)) throw noSuchUpload(uploadId);
  if (part.sizeBytes !== source.sizeBytes) {
    throw new KeepsakeError('Internal', {
      what: `the bytes of part ${part.partNumber} are not as many as its record says`,
      expected: `${part.sizeBytes} bytes`,
      got: `${source.sizeBytes} bytes`,
    });
  }
  const earlier = prepare('DELETE FROM parts WHERE upload_id = ? AND part_number = ? RETURNING body').get(
    uploadId,
    part.partNumber,
  );
  if (earlier) dropUnnamedBody(scope, Number(earlier.body));
  const row = {
    upload_id: uploadId,
    part_number: part.partNumber,
    body: insertBody(scope, source),
    size: part.sizeBytes,
    etag: part.etag,
    headers: JSON.stringify(part.headers),
  };
  prepare(
    'INSERT INTO parts (upload_id, part_number, body, size, etag, headers, row_check) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(row.upload_id, row.part_number, row.body, row.size, row.etag, row.headers, partCheck(row));
}

export function completeUpload(
  scope: JobScope,
  { uploadId, partNumbers, meta }: Extract<ContentChange, { kind: 'complete-upload' }>,
): void {
  const bodyOf = scope.prepare('SELECT body FROM parts WHERE upload_id = ? AND part_number = ?');
  const bodies = partNumbers.map((partNumber) => {
    const row = bodyOf.get(uploadId, partNumber);
    if (!row) throw noSuchUpload(`${uploadId}, part ${partNumber}`);
    return Number(row.body);
  });
  insertVersion(scope, { meta, bodies, settings: [] });
  abortUpload(scope, uploadId);
}

/** Removes the upload and those of its parts that no object names. */
export function abortUpload(scope: JobScope, uploadId: string): void {
  const { prepare } = scope;
  const bodies = prepare('DELETE FROM parts WHERE upload_id = ? RETURNING body').all(uploadId);
  for (const { body } of bodies as unknown as { body: number }[]) dropUnnamedBody(scope, body);
  prepare('DELETE FROM uploads WHERE upload_id = ?').run(uploadId);
}

function noSuchUpload(uploadId: string): KeepsakeError {
  return new KeepsakeError('NotFound', {
    what: `the keeper holds no upload ${uploadId}`,
    remedy: 'Begin the upload again.',
  });
}
