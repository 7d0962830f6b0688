// Thumbnails go with their image.
import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { idOfKey, thumbnailKey, thumbnailWidths } from '../../shared/image.ts';
import { abortable, type Bucket } from '../../shared/s3/client.ts';

/** Deletes what was derived from an image's object; nothing for a key that is none of ours. @throws KeepsakeError `S3BadAnswer`; errors of the S3 client */
export async function deleteThumbnails({ client, name }: Bucket, key: string, signal?: AbortSignal): Promise<void> {
  const id = idOfKey(key);
  if (id === undefined) return;
  const Objects = thumbnailWidths.map((width) => ({ Key: thumbnailKey(id, width) }));
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } }),
    abortable(signal),
  );
  const [failed] = Errors;
  if (failed === undefined) return;
  throw new KeepsakeError('S3BadAnswer', {
    what: 'a thumbnail could not be deleted',
    got: `${failed.Code ?? 'an error without a code'} for ${failed.Key ?? 'a key that is not named'}`,
    remedy: 'It is tried again; look at what S3 says of that key.',
  });
}
