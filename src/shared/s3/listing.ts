// The objects of a bucket, in key order. P8: only a listing read to its end proves what it did not name; a gap or a
// repeated key throws.
import { type _Object, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../errors.ts';
import { compareKeys } from '../key-order.ts';
import { abortable, type Bucket } from './client.ts';
import { asS3Error } from './errors.ts';

/** One object of a listing. `etag` without quotes. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * All objects under `prefix`, in key order, page by page; ends only after the last page was read.
 * @throws KeepsakeError `ListingUnordered` when a key repeats or goes back; `S3BadAnswer` when a page says there is
 *   more but not where; other S3 errors as they come. After an error, only the entries before it are known.
 */
export async function* listObjects(
  { client, name }: Bucket,
  options: { readonly prefix: string; readonly startAfter?: string; readonly signal?: AbortSignal },
): AsyncGenerator<ListedObject, void, void> {
  let previous = options.startAfter;
  let token: string | undefined;
  do {
    const page = await client
      .send(
        new ListObjectsV2Command({
          Bucket: name,
          Prefix: options.prefix,
          StartAfter: token ? undefined : options.startAfter,
          ContinuationToken: token,
          EncodingType: 'url',
        }),
        abortable(options.signal),
      )
      .catch((error: unknown) => {
        throw asS3Error(error, name);
      });
    for (const entry of page.Contents ?? []) {
      const object = listedObject(entry, page.EncodingType === 'url');
      if (previous !== undefined && compareKeys(previous, object.key) >= 0) throw unordered(previous, object.key);
      previous = object.key;
      yield object;
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && !token)
      throw new KeepsakeError('S3BadAnswer', {
        what: 'the listing says that there is more, but not where',
        expected: 'NextContinuationToken with IsTruncated',
        remedy: 'Try again; if it stays, check what stands in front of S3.',
      });
  } while (token);
}

function listedObject({ Key, Size, ETag, LastModified }: _Object, isEncoded: boolean): ListedObject {
  if (Key === undefined || Size === undefined || LastModified === undefined) {
    throw new KeepsakeError('S3BadAnswer', {
      what: 'an entry of the listing lacks its key, size or time',
      got: JSON.stringify({ Key, Size, LastModified }),
      remedy: 'Check what stands in front of S3.',
    });
  }
  return {
    key: isEncoded ? decodeListedKey(Key) : Key,
    sizeBytes: Size,
    etag: (ETag ?? '').replaceAll('"', ''),
    lastModified: LastModified,
  };
}

// EncodingType=url, when the answer says it was applied (some emulators ignore it): percent-encoded UTF-8, with '+' for
// a space as HTML forms have it; a real plus comes as %2B.
function decodeListedKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (error) {
    throw new KeepsakeError(
      'S3BadAnswer',
      {
        what: "a key of the listing can't be decoded",
        expected: 'percent-encoded UTF-8',
        got: JSON.stringify(encoded),
        remedy: 'Check what stands in front of S3.',
      },
      error,
    );
  }
}

function unordered(previous: string, key: string): KeepsakeError {
  return new KeepsakeError('ListingUnordered', {
    what: 'the listing of S3 is not in key order',
    expected: `a key after ${JSON.stringify(previous)}`,
    got: JSON.stringify(key),
    remedy: 'Nothing can be proven from it; use an S3 that lists by UTF-8 bytes.',
  });
}
