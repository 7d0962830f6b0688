// Moving bytes inside the bucket without a moment in which they exist nowhere: copy → read both → remove (P9).
// Conditions are sent where S3 knows them. DeleteObject's If-Match is not among them, because emulators refuse or ignore
// it, so the object's ETag is asked for again right before it is removed.
import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { type ImageRow, quarantinePrefix } from '../../shared/image.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import { asS3Error, isNotFound } from '../../shared/s3/errors.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';
import { type BytesRead, readObjectBytes } from '../observe/object-bytes.ts';

const maxKeyBytes = 1024;

/** Where an action puts an object's bytes: the action's id, and the key itself when it is plain and still fits. */
export function quarantineKeyOf(actionId: string, key: string): string {
  const isPlain = /^[\w./-]+$/.test(key) && !key.split('/').some((part) => part === '' || /^\.+$/.test(part));
  const named = `${quarantinePrefix}${actionId}/${key}`;
  return isPlain && named.length <= maxKeyBytes ? named : `${quarantinePrefix}${actionId}`;
}

/** Whether the object under `key` is still this one (or, with null, still none). */
export async function isUnchanged(bucket: Bucket, key: string, expected: ListedObject | null): Promise<boolean> {
  const answer = await headObject(bucket, key);
  if (answer.kind === 'absent') return expected === null;
  const { ETag = '', ContentLength } = answer.head;
  return expected !== null && ETag.replaceAll('"', '') === expected.etag && ContentLength === expected.sizeBytes;
}

/**
 * Copies an object with its metadata and proves the copy by reading both.
 * @returns the SHA-256 of the bytes.
 * @throws KeepsakeError `S3ObjectMissing` when there is nothing to copy, `ChecksumMismatch` when the copy isn't
 *   proven; the source is as it was.
 */
export async function copyProven(bucket: Bucket, from: string, to: string): Promise<string> {
  await bucket.client
    .send(
      new CopyObjectCommand({
        Bucket: bucket.name,
        Key: to,
        CopySource: `${bucket.name}/${from.split('/').map(encodeURIComponent).join('/')}`,
      }),
    )
    .catch((error: unknown) => {
      throw isNotFound(error) ? sourceMissing(from, error) : asS3Error(error, bucket.name);
    });
  const source = await readObjectBytes(bucket, from);
  const copy = await readObjectBytes(bucket, to);
  if (source.kind !== 'read' || !isSameBytes(source, copy))
    throw new KeepsakeError('ChecksumMismatch', {
      what: `the copy of ${JSON.stringify(from)} is not what it was copied from`,
      got: JSON.stringify({ source, copy }),
      remedy: 'Nothing was removed. Try again; if it stays, check S3.',
    });
  return source.sha256;
}

export function isSameBytes(left: BytesRead | { kind: 'absent' }, right: BytesRead | { kind: 'absent' }): boolean {
  return (
    left.kind === 'read' && right.kind === 'read' && left.sha256 === right.sha256 && left.sizeBytes === right.sizeBytes
  );
}

/** Whether these are the bytes that the row asks for. */
export function hasBytesOf(read: BytesRead | { kind: 'absent' }, row: ImageRow): boolean {
  return read.kind === 'read' && read.sha256 === row.sha256;
}

/** Removes an object whose bytes lie elsewhere, if it is still `expected`. @throws KeepsakeError `Conflict` when not. */
export async function removeCopied(bucket: Bucket, expected: ListedObject): Promise<void> {
  if (!(await isUnchanged(bucket, expected.key, expected)))
    throw new KeepsakeError('Conflict', {
      what: `${JSON.stringify(expected.key)} changed while it was put aside`,
      remedy: 'It was left as it is. Check again.',
    });
  await deleteForever(bucket, expected.key);
}

/** Deletes an object. The caller has proven that its bytes exist elsewhere, or are meant to go. */
export async function deleteForever(bucket: Bucket, key: string): Promise<void> {
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key })).catch((error: unknown) => {
    throw asS3Error(error, bucket.name);
  });
}

function sourceMissing(key: string, cause: unknown): KeepsakeError {
  const what = `${JSON.stringify(key)} can't be copied: it is not there`;
  return new KeepsakeError('S3ObjectMissing', { what, remedy: 'Check again (npm run check).' }, cause);
}
