// All that S3 tells of a bucket: its settings, its objects with all they carry, its uploads in progress. Seen before a
// restart and after it, it must be the same.
import { textsOf } from '../../src/keeper/s3/xml.ts';
import type { Door } from './door.ts';

const bucketQueries = [
  ...['acl', 'accelerate', 'cors', 'encryption', 'lifecycle', 'location', 'logging', 'notification', 'object-lock'],
  ...['ownershipControls', 'policy', 'policyStatus', 'publicAccessBlock', 'replication', 'requestPayment', 'tagging'],
  ...['versioning', 'website', 'analytics', 'intelligent-tiering', 'inventory', 'metrics'],
];
const everyAttribute = ['x-amz-object-attributes', 'ETag,Checksum,ObjectParts,StorageClass,ObjectSize'];
const withChecksums = ['x-amz-checksum-mode', 'ENABLED'];

/** Asks for everything there is in the door's bucket; the door records it. */
export async function lookAtBucket({ raw, bucket }: Door): Promise<void> {
  for (const query of bucketQueries) await raw('GET', `?${query}`);
  const listing = await raw('GET', '?list-type=2&encoding-type=url&fetch-owner=true');
  for (const key of textsOf(listing.answer.body.toString(), 'Key')) {
    const path = `/${bucket}/${key.replaceAll('+', '%20')}`;
    await raw('GET', path, { headers: withChecksums });
    await raw('HEAD', `${path}?partNumber=1`, { headers: withChecksums });
    await raw('GET', `${path}?attributes`, { headers: everyAttribute });
    await raw('GET', `${path}?tagging`);
    await raw('GET', `${path}?acl`);
  }
  const uploads = (await raw('GET', '?uploads&encoding-type=url')).answer.body.toString();
  const keys = textsOf(uploads, 'Key');
  for (const [index, id] of textsOf(uploads, 'UploadId').entries())
    await raw('GET', `/${bucket}/${keys[index]}?uploadId=${encodeURIComponent(id)}`);
}
