// Parts of multipart uploads that nobody will complete. They are no object and can't be read, but they take room.
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { Bucket } from '../../shared/s3/client.ts';
import { asS3Error, isNotFound } from '../../shared/s3/errors.ts';

/** Has S3 forget the parts sent for `key`. The caller has made sure that their upload is dead. */
export async function abortParts({ client, name }: Bucket, key: string): Promise<void> {
  try {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name, Prefix: key }));
    for (const { Key, UploadId } of Uploads)
      if (Key === key) await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }));
  } catch (error) {
    if (error instanceof Error && (isNotFound(error) || error.name === 'NoSuchUpload')) return; // gone already
    throw asS3Error(error, name);
  }
}
