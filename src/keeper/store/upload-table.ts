// The commit thread's hand on multipart uploads. A completed object is the list of its parts' bodies, not a copy.
import { KeepsakeError } from '../../shared/errors.ts';
import type { UploadRecord } from './contract.ts';
import type { ContentChange, PutPartContent } from './jobs.ts';
import { dropUnnamedBody, implyBucket, insertBody, insertVersion, type JobScope } from './version-table.ts';

export function createUpload(scope: JobScope, upload: UploadRecord): void {
  implyBucket(scope, upload.bucket);
  scope
    .prepare(
      `INSERT INTO uploads (upload_id, bucket, key, upstream_upload_id, headers, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      upload.uploadId,
      upload.bucket,
      upload.key,
      upload.upstreamUploadId,
      JSON.stringify(upload.headers),
      upload.createdAt,
    );
}

export function renameUpload({ prepare }: JobScope, uploadId: string, upstreamUploadId: string): void {
  const { changes } = prepare('UPDATE uploads SET upstream_upload_id = ? WHERE upload_id = ?').run(
    upstreamUploadId,
    uploadId,
  );
  if (changes === 0) throw noSuchUpload(uploadId);
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
  prepare('INSERT INTO parts (upload_id, part_number, body, size, etag, headers) VALUES (?, ?, ?, ?, ?, ?)').run(
    uploadId,
    part.partNumber,
    insertBody(scope, source),
    part.sizeBytes,
    part.etag,
    JSON.stringify(part.headers),
  );
}

export function completeUpload(
  scope: JobScope,
  { uploadId, partNumbers, meta }: Extract<ContentChange, { kind: 'complete-upload' }>,
): void {
  const bodyOf = scope.prepare('SELECT body FROM parts WHERE upload_id = ? AND part_number = ?');
  const segments = partNumbers.map((partNumber) => {
    const row = bodyOf.get(uploadId, partNumber);
    if (!row) throw noSuchUpload(`${uploadId}, part ${partNumber}`);
    return Number(row.body);
  });
  insertVersion(scope, { meta, segments, settings: [] });
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
