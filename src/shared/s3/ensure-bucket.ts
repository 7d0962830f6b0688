// The bucket of the images: made where it is not there. Safe to repeat, and for several at once.
import { CreateBucketCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../errors.ts';
import { assertBucket, type Bucket } from './client.ts';
import { asS3Error } from './errors.ts';

/** @returns whether it was made just now. @throws KeepsakeError `S3Unavailable`, `S3AccessDenied`, `S3BadAnswer` */
export async function ensureBucket(bucket: Bucket, region: string): Promise<boolean> {
  try {
    await assertBucket(bucket);
    return false;
  } catch (error) {
    if (!(error instanceof KeepsakeError && error.code === 'S3BucketMissing')) throw error;
  }
  try {
    await bucket.client.send(
      new CreateBucketCommand({
        Bucket: bucket.name,
        // S3 refuses the name of its first region here (S3 API reference, CreateBucket).
        ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'BucketAlreadyOwnedByYou') return false;
    throw asS3Error(error, bucket.name);
  }
}
