// Leaves an emulator that others use as it was found.
import { DeleteBucketCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { Bucket } from '../../src/shared/s3/client.ts';
import { listObjects } from '../../src/shared/s3/listing.ts';

/** Removes what a bench wrote, and its bucket. */
export async function removeBucket({ client, name }: Bucket): Promise<void> {
  let keys: string[] = [];
  const removeKeys = async () => {
    if (keys.length > 0)
      await client.send(
        new DeleteObjectsCommand({ Bucket: name, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      );
    keys = [];
  };
  for await (const { key } of listObjects({ client, name }, { prefix: '' })) {
    keys.push(key);
    if (keys.length === 1000) await removeKeys();
  }
  await removeKeys();
  await client.send(new DeleteBucketCommand({ Bucket: name }));
}
