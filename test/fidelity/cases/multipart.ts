// Uploads in parts: odd sizes, gaps, order, ETags, checksums, and all the ways to do it wrong.
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { textOf } from '../../../src/keeper/s3/xml.ts';
import type { Door } from '../door.ts';
import type { Area, FidelityCase } from './case.ts';

const least = 5 * 1024 * 1024; // all parts but the last
const bytesOf = (size: number, fill = 1) => Buffer.alloc(size, fill);

type UploadOptions = Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>;

async function begin({ s3, bucket: Bucket }: Door, Key: string, options: UploadOptions = {}): Promise<string> {
  return (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }))).UploadId ?? '';
}

interface DonePart {
  readonly PartNumber: number;
  readonly ETag: string;
}

async function putParts(
  { s3, bucket: Bucket }: Door,
  { Key, UploadId }: { readonly Key: string; readonly UploadId: string },
  parts: Readonly<Record<number, Uint8Array>>,
  ChecksumAlgorithm?: ChecksumAlgorithm,
): Promise<readonly DonePart[]> {
  const done = [];
  for (const [number, Body] of Object.entries(parts)) {
    const PartNumber = Number(number);
    const input = { Bucket, Key, UploadId, PartNumber, Body, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) };
    const { ETag = '', $metadata: _, ...sums } = await s3.send(new UploadPartCommand(input));
    const own = Object.fromEntries(Object.entries(sums).filter(([name]) => /^Checksum(?!Type)/.test(name)));
    done.push({ PartNumber, ETag, ...(ChecksumAlgorithm && own) });
  }
  return done;
}

async function complete(
  { s3, bucket: Bucket, attempt }: Door,
  { Key, UploadId }: { readonly Key: string; readonly UploadId: string },
  Parts: readonly DonePart[],
): Promise<void> {
  const input = { Bucket, Key, UploadId, MultipartUpload: { Parts: [...Parts] } };
  await attempt(s3.send(new CompleteMultipartUploadCommand(input)));
}

async function readBack({ s3, bucket: Bucket, attempt, raw }: Door, Key: string): Promise<void> {
  await attempt(s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })));
  for (const number of [1, 2, 3]) await raw('HEAD', `${Key}?partNumber=${number}`);
  await raw('GET', `${Key}?attributes`, {
    headers: ['x-amz-object-attributes', 'ETag,Checksum,ObjectParts,ObjectSize'],
  });
}

const sizes: Readonly<Record<string, Readonly<Record<number, Uint8Array>>>> = {
  'one part of one byte': { 1: bytesOf(1) },
  'one part without a byte': { 1: bytesOf(0) },
  'two parts, the last odd': { 1: bytesOf(least), 2: bytesOf(3) },
  'parts of different sizes': { 1: bytesOf(least + 1), 2: bytesOf(least + 4097, 2), 3: bytesOf(11, 3) },
  'numbers with gaps': { 2: bytesOf(least), 7: bytesOf(least, 2), 10000: bytesOf(1, 3) },
  'a part that is too small': { 1: bytesOf(1024), 2: bytesOf(3) },
};

const bySize: readonly FidelityCase[] = Object.entries(sizes).map(([name, parts]) => ({
  name: `an upload of ${name}`,
  async run(door: Door) {
    const upload = { Key: 'a', UploadId: await begin(door, 'a') };
    await complete(door, upload, await putParts(door, upload, parts));
    await readBack(door, 'a');
  },
}));

const sums: readonly (readonly [ChecksumAlgorithm, ChecksumType])[] = [
  ...(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const).map((algorithm) => [algorithm, 'COMPOSITE'] as const),
  ...(['CRC32', 'CRC32C', 'CRC64NVME'] as const).map((algorithm) => [algorithm, 'FULL_OBJECT'] as const),
];

const byChecksum: readonly FidelityCase[] = sums.map(([algorithm, type]) => ({
  name: `an upload with ${algorithm}, ${type}`,
  async run(door: Door) {
    const options = { ChecksumAlgorithm: algorithm, ChecksumType: type };
    const upload = { Key: 'a', UploadId: await begin(door, 'a', options) };
    const parts = { 1: bytesOf(least), 2: bytesOf(3, 2) };
    await complete(door, upload, await putParts(door, upload, parts, algorithm));
    await readBack(door, 'a');
  },
}));

const two = { 1: bytesOf(least), 2: bytesOf(3) };

/** The calls on an upload with two parts. */
const endings: Readonly<
  Record<
    string,
    (door: Door, upload: { Key: string; UploadId: string }, parts: readonly DonePart[]) => Promise<unknown>
  >
> = {
  'parts named in the wrong order': (door, upload, parts) => complete(door, upload, parts.toReversed()),
  'a part named twice': (door, upload, [first, second]) =>
    complete(
      door,
      upload,
      [first, first, second].filter((one) => one !== undefined),
    ),
  'a part left out': (door, upload, parts) => complete(door, upload, parts.slice(1)),
  'a part that was never sent': (door, upload, parts) =>
    complete(door, upload, [...parts, { PartNumber: 3, ETag: '"0"' }]),
  'a wrong ETag': (door, upload, parts) =>
    complete(
      door,
      upload,
      parts.map((part) => ({ ...part, ETag: '"0"' })),
    ),
  'no part named': (door, upload) => complete(door, upload, []),
  'its completion sent twice': async (door, upload, parts) => {
    await complete(door, upload, parts);
    await complete(door, upload, parts);
  },
  'its completion without a body': ({ raw }, { UploadId }) => raw('POST', `a?uploadId=${UploadId}`),
  'its completion in broken XML': ({ raw }, { UploadId }) =>
    raw('POST', `a?uploadId=${UploadId}`, { body: '<CompleteMultipartUpload><Part>' }),
  'a condition on its completion': async ({ raw }, { UploadId }) => {
    await raw('PUT', 'a', { body: 'there already' });
    await raw('POST', `a?uploadId=${UploadId}`, {
      headers: ['If-None-Match', '*'],
      body: '<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>0</ETag></Part></CompleteMultipartUpload>',
    });
  },
  'a part sent again': async (door, upload, parts) => {
    const [again] = await putParts(door, upload, { 2: bytesOf(9, 9) });
    await complete(door, upload, [...parts.slice(0, 1), ...(again ? [again] : [])]);
  },
  'an abort': async (door, upload, parts) => {
    const { Key, UploadId } = upload;
    await door.attempt(door.s3.send(new AbortMultipartUploadCommand({ Bucket: door.bucket, Key, UploadId })));
    await complete(door, upload, parts);
    await door.attempt(door.s3.send(new AbortMultipartUploadCommand({ Bucket: door.bucket, Key, UploadId })));
  },
  'its id used for another key': (door, upload, parts) => complete(door, { ...upload, Key: 'b' }, parts),
  'no end: it stays open': async ({ s3, bucket: Bucket, attempt }, { Key, UploadId }) => {
    await attempt(s3.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 1 })));
    await attempt(s3.send(new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: '1' })));
    await attempt(s3.send(new ListMultipartUploadsCommand({ Bucket })));
  },
};

const byEnding: readonly FidelityCase[] = Object.entries(endings).map(([name, end]) => ({
  name: `an upload with ${name}`,
  async run(door: Door) {
    const upload = { Key: 'a', UploadId: await begin(door, 'a') };
    await end(door, upload, await putParts(door, upload, two));
    await readBack(door, 'a');
  },
}));

const others: readonly FidelityCase[] = [
  {
    name: 'an upload begun with all that an object can have',
    async run(door) {
      const described = { ContentType: 'image/png', CacheControl: 'no-store', Metadata: { a: '1' }, Tagging: 'a=1' };
      const options: UploadOptions = {
        ...described,
        StorageClass: 'STANDARD_IA',
        ACL: 'public-read',
        ContentEncoding: 'gzip',
      };
      const upload = { Key: 'a', UploadId: await begin(door, 'a', options) };
      await complete(door, upload, await putParts(door, upload, two));
      await readBack(door, 'a');
      await door.raw('GET', 'a?tagging');
      await door.raw('GET', 'a?acl');
    },
  },
  {
    name: 'an upload begun with headers that come twice',
    async run(door) {
      const twice = ['x-amz-meta-a', '1', 'x-amz-meta-a', '2', 'Cache-Control', 'a', 'Cache-Control', 'b'];
      const begun = await door.raw('POST', 'a?uploads', { headers: twice });
      const upload = { Key: 'a', UploadId: textOf(begun.answer.body.toString(), 'UploadId') ?? '' };
      await complete(door, upload, await putParts(door, upload, { 1: bytesOf(1) }));
      await readBack(door, 'a');
    },
  },
  {
    name: 'parts copied from an object, whole and in ranges',
    async run(door) {
      const { s3, bucket: Bucket, attempt, raw } = door;
      await raw('PUT', 'source', { body: Buffer.concat([bytesOf(least), bytesOf(100, 2)]) });
      const upload = { Bucket, Key: 'a', UploadId: await begin(door, 'a'), CopySource: `${Bucket}/source` };
      const ranges = ['bytes=0-5242879', 'bytes=5242880-5242979', 'bytes=0-99999999', 'bytes=5-', undefined];
      const done: DonePart[] = [];
      for (const [index, CopySourceRange] of ranges.entries()) {
        const PartNumber = index + 1;
        const input = { ...upload, PartNumber, ...(CopySourceRange && { CopySourceRange }) };
        const answer = await attempt(s3.send(new UploadPartCopyCommand(input)));
        if (answer?.CopyPartResult?.ETag) done.push({ PartNumber, ETag: answer.CopyPartResult.ETag });
      }
      await complete(door, upload, done);
      await readBack(door, 'a');
    },
  },
  {
    name: 'parts that are refused: numbers out of bounds, a wrong MD5, a wrong checksum',
    async run(door) {
      const id = await begin(door, 'a');
      for (const number of ['0', '10001', '-1', 'x', ''])
        await door.raw('PUT', `a?partNumber=${number}&uploadId=${id}`, { body: 'x' });
      const path = `a?partNumber=1&uploadId=${id}`;
      await door.raw('PUT', path, { body: 'x', headers: ['Content-MD5', 'AAAAAAAAAAAAAAAAAAAAAA=='] });
      await door.raw('PUT', path, { body: 'x', headers: ['x-amz-checksum-crc32', 'AAAAAA=='] });
      await door.raw('PUT', path, { body: 'x', headers: ['Transfer-Encoding', 'chunked'] });
    },
  },
  {
    name: 'an upload that nobody began',
    async run({ raw }) {
      const path = 'a?uploadId=nobody';
      await raw('PUT', `${path}&partNumber=1`, { body: 'x' });
      await raw('GET', path);
      await raw('POST', path, {
        body: '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>0</ETag></Part></CompleteMultipartUpload>',
      });
      await raw('DELETE', path);
      await raw('PUT', 'a?uploadId=nobody', { body: 'x' });
      await raw('PUT', 'a?partNumber=1', { body: 'x' });
    },
  },
  {
    name: 'several uploads of one key, and their list in pages',
    async run(door) {
      const { raw } = door;
      for (const key of ['b', 'a', 'a', 'c/d']) await begin(door, key);
      await raw('GET', '?uploads&prefix=a');
      await raw('GET', '?uploads&delimiter=/');
      const first = await raw('GET', '?uploads&max-uploads=1');
      const xml = first.answer.body.toString();
      const marker = `key-marker=${textOf(xml, 'NextKeyMarker')}&upload-id-marker=${textOf(xml, 'NextUploadIdMarker')}`;
      await raw('GET', `?uploads&max-uploads=1&key-marker=b`);
      const second = await raw('GET', `?uploads&max-uploads=4&${marker}`);
      door.note(`after the first page: ${second.answer.status}`);
    },
  },
];

export const multipart: Area = { name: 'multipart', cases: [...bySize, ...byChecksum, ...byEnding, ...others] };
