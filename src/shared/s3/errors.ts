// The SDK's errors as errors of the catalogue, each with its remedy.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { KeepsakeError, reasonOf } from '../errors.ts';

/** Whether S3 itself answered 404. A proxy's 404 without S3's error code counts only for HEAD, which has no body. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof S3ServiceException &&
    (error.name === 'NotFound' || error.name === 'NoSuchKey' || error.name === 'NoSuchBucket')
  );
}

/** An error of the SDK as an error of the catalogue with its remedy. */
export function asS3Error(error: unknown, bucket: string): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  if (!(error instanceof S3ServiceException)) {
    return new KeepsakeError(
      'S3Unavailable',
      {
        what: "S3 can't be reached",
        got: reasonOf(error),
        remedy: 'Check that S3 runs and that AWS_S3_ENDPOINT_URL names it (npm run doctor).',
      },
      error,
    );
  }
  const status = error.$metadata.httpStatusCode ?? 0;
  if (error.name === 'NoSuchBucket') return bucketMissing(bucket, error);
  if (status === 401 || status === 403) {
    return new KeepsakeError(
      'S3AccessDenied',
      {
        what: `S3 refused access to the bucket ${bucket}`,
        got: `${status} ${error.name}`,
        remedy: 'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the policy of the bucket.',
      },
      error,
    );
  }
  if (status === 507) {
    return new KeepsakeError(
      'DiskFull',
      {
        what: 'S3 has no room left',
        got: error.message,
        remedy: 'Make room on the disk of S3; reading and deleting go on meanwhile.',
      },
      error,
    );
  }
  if (status >= 500 || status === 429 || error.$retryable) {
    return new KeepsakeError(
      'S3Unavailable',
      { what: 'S3 could not answer', got: `${status} ${error.name}`, remedy: 'Try again in a moment.' },
      error,
    );
  }
  return new KeepsakeError(
    'S3BadAnswer',
    {
      what: 'S3 refused the request',
      got: `${status} ${error.name}: ${error.message}`,
      remedy: 'See the log for the request.',
    },
    error,
  );
}

/** The error of a bucket that is not there. */
export function bucketMissing(bucket: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'S3BucketMissing',
    {
      what: `the bucket ${bucket} does not exist`,
      remedy: 'Create it, or set AWS_STORAGE_BUCKET_NAME to the one you mean.',
    },
    cause,
  );
}
