// The commit thread's hand on versions and bodies: insert, retire, drop. Always inside the transaction of its caller. A row
// that nothing names any more is deleted at once. Files can only go after the transaction, so their names are collected.
import { KeepsakeError } from '../../shared/errors.ts';
import type { ObjectMeta } from './contract.ts';
import type { BodyContent } from './jobs.ts';
import type { Prepare } from './prepared.ts';
import { type BucketRow, bucketCheck, rowCheck, type VersionContent, versionJson } from './rows.ts';

/** The things that the running job needs and collects. */
export interface JobScope {
  readonly prepare: Prepare;
  readonly at: number;
  /** Files of bodies that the job dropped; to be removed once it is on disk. */
  readonly unusedFiles: string[];
}

export function insertBody({ prepare }: JobScope, { sizeBytes, checks, file, inline }: BodyContent): number {
  const { lastInsertRowid } = prepare('INSERT INTO bodies (size, checks, file, inline) VALUES (?, ?, ?, ?)').run(
    sizeBytes,
    checks,
    file,
    inline,
  );
  return Number(lastInsertRowid);
}

/**
 * An object or setting in a bucket proves that the bucket exists, whether or not its creation was seen: an emulator may
 * start with buckets of its own. When the emulator is filled, such a bucket is created without headers.
 */
export function implyBucket({ prepare, at }: JobScope, bucket: string): void {
  if (prepare('SELECT 1 FROM buckets WHERE bucket = ?').get(bucket)) return;
  writeBucket(prepare, { bucket, headers: '{}', body: new Uint8Array(), settings: '[]', created_at: at });
}

export function writeBucket(prepare: Prepare, row: Omit<BucketRow, 'row_check'>): void {
  prepare(
    'INSERT OR REPLACE INTO buckets (bucket, headers, body, settings, created_at, row_check) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(row.bucket, row.headers, row.body, row.settings, row.created_at, bucketCheck(row));
}

/** Removes the body unless a segment or a part still names it. */
export function dropUnnamedBody({ prepare, unusedFiles }: JobScope, body: number): void {
  const dropped = prepare(
    `DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM segments WHERE body = ?1)
       AND NOT EXISTS (SELECT 1 FROM parts WHERE body = ?1) RETURNING file`,
  ).get(body) as { file: string | null } | undefined;
  if (dropped?.file) unusedFiles.push(dropped.file);
}

/** Makes the version the current one of its key; what it replaces is retired. The sizes of its bodies must add up. */
export function insertVersion(scope: JobScope, content: VersionContent): void {
  const { prepare, at } = scope;
  const { meta, bodies } = content;
  assertWhole(scope, meta, bodies);
  implyBucket(scope, meta.bucket);
  retireCurrent(scope, meta, 'overwritten');
  const { bucket, key, sizeBytes } = meta;
  const record = versionJson(content);
  // The row's check covers its id, which SQLite gives.
  const { lastInsertRowid } = prepare(
    'INSERT INTO versions (bucket, key, size, saved_at, record, row_check) VALUES (?, ?, ?, ?, ?, 0)',
  ).run(bucket, key, sizeBytes, at, record);
  const id = Number(lastInsertRowid);
  const check = rowCheck({ id, bucket, key, size: sizeBytes, saved_at: at, record });
  prepare('UPDATE versions SET row_check = ? WHERE id = ?').run(check, id);
  const insertSegment = prepare('INSERT INTO segments (version, position, body) VALUES (?, ?, ?)');
  for (const [position, body] of bodies.entries()) insertSegment.run(id, position, body);
}

/** The current version of a key goes into retirement; what was set aside as damaged is dropped. */
export function retireCurrent(
  scope: JobScope,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  cause: 'overwritten' | 'deleted',
): void {
  const { prepare, at } = scope;
  prepare(
    `UPDATE versions SET retired_at = ?, cause = ?
     WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NULL`,
  ).run(at, cause, bucket, key);
  const damaged = prepare(
    'SELECT id FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NOT NULL',
  ).all(bucket, key);
  for (const { id } of damaged as unknown as { id: number }[]) dropVersion(scope, id);
}

/** Deletes a version for good, with the bodies that only it named. */
export function dropVersion(scope: JobScope, id: number): void {
  const bodies = segmentsOf(scope, id);
  scope.prepare('DELETE FROM segments WHERE version = ?').run(id);
  scope.prepare('DELETE FROM versions WHERE id = ?').run(id);
  for (const body of new Set(bodies)) dropUnnamedBody(scope, body);
}

/** The bodies of a version, in order. */
export function segmentsOf({ prepare }: JobScope, versionId: number): readonly number[] {
  const rows = prepare('SELECT body FROM segments WHERE version = ? ORDER BY position').all(versionId);
  return (rows as unknown as { body: number }[]).map(({ body }) => body);
}

// P1: nothing torn. An object is never recorded with bytes of another size than its record says, whatever went wrong before.
function assertWhole({ prepare }: JobScope, meta: ObjectMeta, bodies: readonly number[]): void {
  const sizeOf = prepare('SELECT size FROM bodies WHERE id = ?');
  const sum = bodies.reduce((total, body) => total + Number(sizeOf.get(body)?.size), 0);
  if (sum === meta.sizeBytes) return;
  throw new KeepsakeError('Internal', {
    what: `the bytes of ${JSON.stringify(meta.key)} are not as many as its record says`,
    expected: `${meta.sizeBytes} bytes`,
    got: `${sum} bytes`,
  });
}
