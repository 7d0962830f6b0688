// All keys and buckets an emulator holds, page by page.
import { pathOf } from '../s3/target.ts';
import { blocksOf, textOf, textsOf } from '../s3/xml.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { expectSuccess } from '../upstream/emulator.ts';
import { sentinelPrefix } from '../upstream/session-source.ts';

/** One listed object; `etag` with its quotes. */
export interface ListedKey {
  readonly key: string;
  readonly etag: string;
}

/** All keys of a bucket. @throws KeepsakeError `S3Unavailable`, `S3BadAnswer`: then the listing was not whole */
export async function* listKeys(client: EmulatorClient, bucket: string): AsyncGenerator<ListedKey, void, void> {
  let token: string | undefined;
  do {
    const after = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`;
    const path = pathOf(bucket, '', `list-type=2&encoding-type=url${after}`);
    const xml = expectSuccess(await client.call('GET', path), `${bucket} was listed`).body.toString();
    const isEncoded = textOf(xml, 'EncodingType') === 'url'; // not every emulator heeds what was asked
    for (const entry of blocksOf(xml, 'Contents')) {
      const name = textOf(entry, 'Key') ?? '';
      yield {
        key: isEncoded ? decodeURIComponent(name.replaceAll('+', ' ')) : name,
        etag: textOf(entry, 'ETag') ?? '',
      };
    }
    token = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined;
  } while (token !== undefined);
}

/** Names of all buckets, sentinels of ours left out. @throws as `listKeys` */
export async function listBuckets(client: EmulatorClient): Promise<readonly string[]> {
  const { body } = expectSuccess(await client.call('GET', '/'), 'the buckets were listed');
  const buckets = blocksOf(body.toString(), 'Bucket').flatMap((bucket) => textsOf(bucket, 'Name'));
  return buckets.filter((bucket) => !bucket.startsWith(sentinelPrefix));
}
