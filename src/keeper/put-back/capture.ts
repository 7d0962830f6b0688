// Saves what the emulator holds: for what came to it in a form the keeper doesn't read (POST forms), and for what was
// there before the keeper. The emulator's answer to GET is the object.
import { KeepsakeError } from '../../shared/errors.ts';
import { checksumHeaders, type ReplayHeaders, rawHeader, replayHeaders, unseenHeaders } from '../s3/headers.ts';
import { pathOf } from '../s3/target.ts';
import { blocksOf } from '../s3/xml.ts';
import type { Body, PartMeta, Setting, Store } from '../store/contract.ts';
import type { Answer, EmulatorClient } from '../upstream/client.ts';
import { assertSuccess, expectSuccess } from '../upstream/emulator.ts';

/** All of an object but its bytes, as the emulator tells it. */
export interface Description {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly headers: ReplayHeaders;
  readonly settings: readonly Setting[];
}

const withChecksums = { headers: ['x-amz-checksum-mode', 'ENABLED'] } as const;

/** Asks what an object is. `request`: headers that the client sent, for what no answer shows (its ACL). @throws KeepsakeError `S3Unavailable`, `S3BadAnswer` */
export async function describeObject(
  client: EmulatorClient,
  bucket: string,
  key: string,
  request: ReplayHeaders = {},
): Promise<Description> {
  const { headers } = expectSuccess(
    await client.call('HEAD', pathOf(bucket, key), withChecksums),
    `${bucket}/${key} was asked for`,
  );
  return describe(client, bucket, key, { raw: headers, request });
}

async function describe(
  client: EmulatorClient,
  bucket: string,
  key: string,
  { raw, request }: { readonly raw: readonly string[]; readonly request: ReplayHeaders },
): Promise<Description> {
  const { 'x-amz-tagging': _, ...unseen } = unseenHeaders(request); // tags are asked for
  return {
    etag: rawHeader(raw, 'etag') ?? '',
    sizeBytes: Number(rawHeader(raw, 'content-length')),
    headers: { ...unseen, ...replayHeaders(raw) },
    settings: await readTags(client, bucket, key),
  };
}

/** As `captureObject`, once more when the answer breaks off: then the fault may be the object's. @throws as `captureObject` */
export async function captureInTwoTries(
  store: Store,
  client: EmulatorClient,
  name: { readonly bucket: string; readonly key: string },
): Promise<void> {
  try {
    await captureObject(store, client, name);
  } catch (error) {
    if (!(error instanceof KeepsakeError) || error.code !== 'S3Unavailable') throw error;
    await captureObject(store, client, name);
  }
}

/** Saves an object as the emulator holds it, bytes and all. @throws KeepsakeError `S3Unavailable`, `S3BadAnswer`, `DiskFull` */
export async function captureObject(
  store: Store,
  client: EmulatorClient,
  { bucket, key, request = {} }: { readonly bucket: string; readonly key: string; readonly request?: ReplayHeaders },
): Promise<void> {
  const response = await client.stream('GET', pathOf(bucket, key), withChecksums);
  await assertSuccess(response, `${bucket}/${key} was read`);
  const raw = response.rawHeaders;
  const body = await saveBody(store, response, Number(rawHeader(raw, 'content-length')));
  try {
    const description = await describe(client, bucket, key, { raw, request });
    const parts = await readParts(client, bucket, key, description.etag);
    const { settings, ...meta } = description;
    await store.commit({
      kind: 'put-object',
      meta: { bucket, key, parts, ...meta, sizeBytes: body.sizeBytes },
      source: { kind: 'body', body },
      settings: [...settings, ...(await readAcl(client, bucket, key))],
    });
  } catch (error) {
    await body.discard();
    throw error;
  }
}

/** Saves a stream's bytes. `expectedBytes`: fewer or more is a broken stream. */
export async function saveBody(store: Store, stream: AsyncIterable<Uint8Array>, expectedBytes: number): Promise<Body> {
  const writer = store.beginBody(expectedBytes);
  try {
    for await (const chunk of stream) await writer.write(chunk);
    const body = await writer.finish();
    if (!Number.isNaN(expectedBytes) && body.sizeBytes !== expectedBytes) {
      await body.discard();
      throw new KeepsakeError('S3Unavailable', {
        what: 'an answer of the emulator broke off',
        expected: `${expectedBytes} bytes`,
        got: `${body.sizeBytes}`,
      });
    }
    return body;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function readTags(client: EmulatorClient, bucket: string, key: string): Promise<readonly Setting[]> {
  if (!client.hasSubResources) return [];
  const answer = await client.call('GET', pathOf(bucket, key, 'tagging'));
  const hasTags = answer.status === 200 && answer.body.includes('<Key>');
  return hasTags ? [{ name: 'tagging', headers: {}, body: answer.body }] : [];
}

// No header tells an ACL: one that grants more than its owner's own is asked for.
async function readAcl(client: EmulatorClient, bucket: string, key: string): Promise<readonly Setting[]> {
  if (!client.hasSubResources) return [];
  const answer = await client.call('GET', pathOf(bucket, key, 'acl'));
  const isOwn = answer.status !== 200 || blocksOf(answer.body.toString(), 'Grant').length <= 1;
  return isOwn ? [] : [{ name: 'acl', headers: {}, body: answer.body }];
}

// The ETag of a multipart upload ends in its number of parts; their sizes are told one by one.
async function readParts(
  client: EmulatorClient,
  bucket: string,
  key: string,
  etag: string,
): Promise<readonly PartMeta[] | null> {
  const count = Number(/-(\d{1,5})"?$/.exec(etag)?.[1] ?? 0);
  const parts: PartMeta[] = [];
  for (let partNumber = 1; partNumber <= count; partNumber++) {
    const answer: Answer = await client.call('HEAD', pathOf(bucket, key, `partNumber=${partNumber}`), withChecksums);
    if (answer.status !== 206) return null; // it does not tell: the bytes are kept, the ETag will be another
    // A checksum of the full object is no part's.
    const isOwn = rawHeader(answer.headers, 'x-amz-checksum-type') === 'COMPOSITE';
    const headers = isOwn ? checksumHeaders(answer.headers) : {};
    parts.push({ sizeBytes: Number(rawHeader(answer.headers, 'content-length')), etag: '', headers });
  }
  return count === 0 ? null : parts;
}

/** Settings of a bucket whose answer to GET can be sent again by PUT. */
const readableSettings = [
  'ownershipControls',
  'publicAccessBlock',
  'cors',
  'encryption',
  'lifecycle',
  'policy',
  'tagging',
  'website',
];

/** Saves a bucket that the emulator has and the store has not, with the settings that can be read. */
export async function captureBucket(store: Store, client: EmulatorClient, bucket: string): Promise<void> {
  const location = await client.call('GET', pathOf(bucket, '', 'location'));
  const region = /<LocationConstraint[^>]*>([^<]+)</.exec(location.body.toString())?.[1];
  const body = Buffer.from(
    region
      ? `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
      : '',
  );
  await store.commit({ kind: 'put-bucket', bucket, headers: {}, body });
  for (const name of client.hasSubResources ? readableSettings : []) {
    const answer = await client.call('GET', pathOf(bucket, '', name));
    if (answer.status !== 200) continue;
    await store.commit({ kind: 'put-bucket-setting', bucket, setting: { name, headers: {}, body: answer.body } });
  }
}
