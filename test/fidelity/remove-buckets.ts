// Leaves an emulator that others use as it was found.
import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { reasonOf } from '../../src/shared/errors.ts';
import { clientFor } from '../support/keeper.ts';

/** Removes buckets with all that is in them, if they are there. Names the buckets that it can't remove. */
export async function removeBuckets(url: string, buckets: readonly string[]): Promise<void> {
  const client = clientFor(url);
  for (const bucket of buckets) {
    await removeBucket(client, bucket).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'NoSuchBucket'))
        console.log(`${bucket} is left behind: ${reasonOf(error)}`);
    });
  }
  client.destroy();
}

async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads)
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }));
  for (const { Key = '' } of Versions)
    await client.send(new DeleteObjectCommand({ Bucket, Key: decodeURIComponent(Key.replaceAll('+', ' ')) }));
  await client.send(new DeleteBucketCommand({ Bucket }));
}
