// The embedded S3 through the real SDK: what the keeper and the app ask of it, and what fauxqs gets wrong.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareKeys } from '../../shared/key-order.ts';
import { startChecksum } from './checksums.ts';
import { type RunningEmulator, startEmulatorServer } from './server.ts';

let folder: string;
let server: RunningEmulator;
let client: S3Client;
const Bucket = 'pictures';

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-emulator-'));
  server = await startEmulatorServer(folder);
  client = new S3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  client.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

async function put(Key: string, Body: Uint8Array | string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function read(Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test('gives back what was put: bytes, ETag, metadata, checksum', async () => {
  const body = randomBytes(300_000);
  await client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'whole',
      Body: body,
      ContentType: 'image/png',
      Metadata: { title: 'a' },
      ChecksumAlgorithm: 'SHA256',
    }),
  );
  expect((await read('whole')).equals(body)).toBe(true);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'whole', ChecksumMode: 'ENABLED' }));
  expect(head).toMatchObject({
    ContentLength: 300_000,
    ContentType: 'image/png',
    ETag: `"${createHash('md5').update(body).digest('hex')}"`,
    Metadata: { title: 'a' },
    ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
  });
});

test('refuses a body that its checksum contradicts, and keeps nothing of it', async () => {
  const before = (await readdir(folder)).length;
  const wrong = new PutObjectCommand({ Bucket, Key: 'wrong', Body: 'abc', ChecksumSHA256: 'A'.repeat(43).concat('=') });
  await expect(client.send(wrong)).rejects.toMatchObject({ name: 'InvalidRequest' });
  await expect(read('wrong')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect((await readdir(folder)).length).toBe(before);
});

test('takes any key and lists in the order of bytes, page by page', async () => {
  const bucket = 'order';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const keys = ['b', 'a/../../../etc', 'B', 'a b+c%2F', 'ａ\u{ff5e}', '\u{1f600}', 'a//', 'é'.repeat(500), 'a', 'Z/z'];
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
  const listed: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 3, ContinuationToken: token, EncodingType: 'url' }),
    );
    listed.push(...(page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? '')));
    token = page.NextContinuationToken;
  } while (token);
  expect(listed).toEqual(keys.toSorted(compareKeys));
});

test('rolls keys up to common prefixes', async () => {
  const bucket = 'prefixes';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const Key of ['a/1', 'a/2', 'b', 'c/1'])
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  const first = await client.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', MaxKeys: 2 }));
  expect([first.CommonPrefixes, first.Contents?.map(({ Key }) => Key)]).toEqual([[{ Prefix: 'a/' }], ['b']]);
  const second = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', ContinuationToken: first.NextContinuationToken }),
  );
  expect(second.CommonPrefixes).toEqual([{ Prefix: 'c/' }]);
});

test('joins the parts of an upload, with the ETag and checksum of parts, and lets their files go with the object', async () => {
  const body = randomBytes(12 * 1024 ** 2);
  const before = (await readdir(folder)).length;
  await new Upload({ client, params: { Bucket, Key: 'parts', Body: body }, partSize: 5 * 1024 ** 2 }).done();
  expect((await read('parts')).equals(body)).toBe(true);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'parts' }));
  expect(head.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  const range = await client.send(new GetObjectCommand({ Bucket, Key: 'parts', Range: 'bytes=5242870-5242889' }));
  expect(Buffer.from((await range.Body?.transformToByteArray()) ?? [])).toEqual(body.subarray(5242870, 5242890));
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'parts' }] } }));
  expect((await readdir(folder)).length).toBe(before);
});

test('keeps tags beside the object, and copies share its bytes', async () => {
  await put('tagged', 'bytes');
  const TagSet = [{ Key: 'k', Value: 'v' }];
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }));
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/tagged` }));
  await put('tagged', 'other');
  expect((await read('copy')).toString()).toBe('bytes');
  const tags = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'copy' }));
  expect(tags.TagSet).toEqual(TagSet);
});

test('answers conditions as S3 does', async () => {
  await put('condition', 'x');
  const again = new PutObjectCommand({ Bucket, Key: 'condition', Body: 'y', IfNoneMatch: '*' });
  await expect(client.send(again)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'condition' }));
  const unchanged = new GetObjectCommand({ Bucket, Key: 'condition', IfNoneMatch: ETag });
  await expect(client.send(unchanged)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
});

test.each([
  // Check values of "123456789": the catalogue of parametrised CRC algorithms (reveng), RFC 3720 for CRC-32C.
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
] as const)('computes %s', (name, expected) => {
  const running = startChecksum(name);
  running.update(Buffer.from('12345'));
  running.update(Buffer.from('6789'));
  expect(running.digest().toString('hex')).toBe(expected);
});
