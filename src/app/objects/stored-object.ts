// The row of an image and the proof that S3 has its object. Missing is said on proof alone (P8).
import { KeepsakeError } from '../../shared/errors.ts';
import type { Pool } from '../../shared/postgres.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import type { StoredImage } from '../images/image-json.ts';
import { findStoredByKey } from '../images/rows.ts';

/** @throws KeepsakeError `ImageNotFound` */
export async function findImage(pool: Pool, key: string): Promise<StoredImage> {
  const image = await findStoredByKey(pool, key);
  if (image) return image;
  throw new KeepsakeError('ImageNotFound', {
    what: 'there is no image of this key',
    got: key,
    remedy: 'It may have been deleted; see /api/images/.',
  });
}

/** @throws KeepsakeError `S3ObjectMissing` or `ChecksumMismatch` when the link is broken; others of S3 when that isn't known */
export async function proveObject(
  { bucket, pool }: { readonly bucket: Bucket; readonly pool: Pool },
  image: StoredImage,
): Promise<void> {
  const found = await headObject(bucket, image.key);
  if (found.kind === 'absent') throw await objectMissing(pool, image);
  if (found.head.ContentLength !== image.sizeBytes) throw wrongSize(image, image.sizeBytes, found.head.ContentLength);
}

/** S3 has no such object: a broken link, unless the image was deleted while we asked. */
export async function objectMissing(pool: Pool, image: StoredImage, cause?: unknown): Promise<KeepsakeError> {
  await findImage(pool, image.key);
  return new KeepsakeError(
    'S3ObjectMissing',
    {
      what: 'the link of this image is broken: its row is there, its object is not in S3',
      got: image.key,
      remedy: 'Run npm run check to see what is missing, and npm run fix to have it restored.',
    },
    cause,
  );
}

/** The error of an object whose size is not its row's. Sizes in bytes. */
export function wrongSize({ key }: StoredImage, expected: number, got: number | undefined): KeepsakeError {
  return new KeepsakeError('ChecksumMismatch', {
    what: `the object ${key} is not the one that was stored`,
    expected: `${expected} bytes`,
    got: `${got ?? 'an unknown number of'} bytes`,
    remedy: 'Run npm run check, and npm run fix to have it restored.',
  });
}
