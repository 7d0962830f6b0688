// Reading an object: its head, and its bytes, which alone prove what it holds. Streams; memory is one chunk.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, type HeadObjectCommandOutput, S3ServiceException } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { assertBucket, type Bucket } from '../../shared/s3/client.ts';
import { asS3Error, isNotFound } from '../../shared/s3/errors.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';

/** The outcome of reading an object. `unreadable`: S3 lists it and has its head, but its bytes don't come whole. */
export type BytesRead =
  | { readonly kind: 'read'; readonly sizeBytes: number; readonly sha256: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * Reads an object to its end; `absent` is proven as by `headObject`.
 * @throws KeepsakeError of S3 when the answer proves nothing (P8): refused, unreachable, or cut by the network.
 */
export async function readObjectBytes(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<BytesRead | { readonly kind: 'absent' }> {
  const options = signal ? { abortSignal: signal } : {};
  try {
    const { Body, ContentLength } = await bucket.client.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: key }),
      options,
    );
    if (!(Body instanceof Readable)) throw noBody(key);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of Body) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    if (ContentLength !== undefined && ContentLength !== sizeBytes)
      return { kind: 'unreadable', reason: `S3 announced ${ContentLength} bytes and sent ${sizeBytes}` };
    return { kind: 'read', sizeBytes, sha256: hash.digest('hex') };
  } catch (error) {
    if (isNotFound(error)) {
      await assertBucket(bucket, signal);
      return { kind: 'absent' };
    }
    if (isRefusedForThisObject(error)) return { kind: 'unreadable', reason: `S3 refuses its bytes: ${error.name}` };
    throw asS3Error(error, bucket.name);
  }
}

// InvalidObjectState (403) is an object in an archive; another 403 may be any object's, so it says nothing of this one.
function isRefusedForThisObject(error: unknown): error is S3ServiceException {
  if (!(error instanceof S3ServiceException)) return false;
  const status = error.$metadata.httpStatusCode ?? 0;
  return (
    error.name === 'InvalidObjectState' || (status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status))
  );
}

function noBody(key: string): KeepsakeError {
  return new KeepsakeError('S3BadAnswer', {
    what: `S3 answered without a body for ${JSON.stringify(key)}`,
    remedy: 'Check what stands in front of S3.',
  });
}

/** @throws KeepsakeError `S3BadAnswer` when the head lacks what every object has. */
export function toListedObject(key: string, head: HeadObjectCommandOutput): ListedObject {
  if (head.ContentLength === undefined || !head.LastModified)
    throw new KeepsakeError('S3BadAnswer', {
      what: `the head of ${JSON.stringify(key)} lacks its length or time`,
      remedy: 'Check what stands in front of S3.',
    });
  return {
    key,
    sizeBytes: head.ContentLength,
    etag: (head.ETag ?? '').replaceAll('"', ''),
    lastModified: head.LastModified,
  };
}
