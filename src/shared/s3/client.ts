// The S3 client, and one object's or bucket's head.
// P8: absence is a 404 of a key whose bucket is there; any other error is thrown, never taken for absence.
import { HeadBucketCommand, HeadObjectCommand, type HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { asS3Error, bucketMissing, isNotFound } from './errors.ts';
import type { S3Config } from './settings.ts';

/** A client for one S3. Path style for any endpoint of one's own. The caller destroys it. */
export function createS3Client(
  { endpoint, region, credentials }: S3Config,
  options: { readonly maxAttempts?: number; readonly requestTimeoutMs?: number } = {},
): S3Client {
  const { maxAttempts = 3, requestTimeoutMs = 30_000 } = options;
  return new S3Client({
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 64 },
      httpsAgent: { maxSockets: 64 },
    },
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
  });
}

/** An S3 client bound to its bucket: what most functions take. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

export type ObjectHead =
  | { readonly kind: 'present'; readonly head: HeadObjectCommandOutput }
  | { readonly kind: 'absent' };

/**
 * Asks for one object's head. `absent` is proven by a 404 of the key itself while the bucket is there.
 * @throws KeepsakeError `S3Unavailable`, `S3AccessDenied`, `S3BucketMissing` or `S3BadAnswer`: then nothing is known.
 */
export async function headObject({ client, name }: Bucket, key: string, signal?: AbortSignal): Promise<ObjectHead> {
  try {
    return {
      kind: 'present',
      head: await client.send(
        new HeadObjectCommand({ Bucket: name, Key: key, ChecksumMode: 'ENABLED' }),
        abortable(signal),
      ),
    };
  } catch (error) {
    if (!isNotFound(error)) throw asS3Error(error, name);
    await assertBucket({ client, name }, signal); // P8: a HEAD's 404 has no body: it says the same of a lost bucket
    return { kind: 'absent' };
  }
}

/** @throws KeepsakeError `S3BucketMissing` when the bucket is not there, or another S3 error when that isn't known. */
export async function assertBucket({ client, name }: Bucket, signal?: AbortSignal): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }), abortable(signal));
  } catch (error) {
    throw isNotFound(error) ? bucketMissing(name, error) : asS3Error(error, name);
  }
}

/** The option that `client.send` takes for a signal that may be absent. */
export function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
