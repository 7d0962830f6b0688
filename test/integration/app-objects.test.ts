// The proxy's answers to readers: ranges, conditions, keys that are none, an S3 that is away, readers that leave.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageJson } from '../../src/shared/image.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { type AppUnderTest, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { paddedImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

let system: AppUnderTest;
let image: ImageJson;
const bytes = paddedImage('image/png', 100_000, 1);

beforeAll(async () => {
  system = await startAppUnderTest();
  image = await upload(system.url, bytes);
});
afterAll(() => system.close());

const read = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${system.url}${image.image_url}`, { headers, method });
const etag = () => `"${image.sha256}"`;

test.each([
  ['bytes=0-0', 0, 0],
  ['bytes=10-19', 10, 19],
  ['bytes=99990-', 99_990, 99_999],
  ['bytes=-5', 99_995, 99_999],
  ['bytes=-200000', 0, 99_999],
  ['bytes=99999-200000', 99_999, 99_999],
])('answers %s with that part', async (range, start, end) => {
  const response = await read({ range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/100000`);
  expect(response.headers.get('content-length')).toBe(String(end - start + 1));
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
});

test.each(['bytes=100000-', 'bytes=-0'])('answers %s with 416 and the size', async (range) => {
  const response = await read({ range });
  expect(response.status).toBe(416);
  expect(response.headers.get('content-range')).toBe('bytes */100000');
  expect(await response.json()).toMatchObject({ error: { code: 'RangeNotSatisfiable' } });
});

test.each(['bytes=0-1,5-6', 'bytes=9-3', 'lines=1-2', 'bytes=', 'nonsense'])('ignores the range %s', async (range) => {
  const response = await read({ range });
  expect(response.status).toBe(200);
  expect((await response.arrayBuffer()).byteLength).toBe(100_000);
});

test('answers 304 for the copy that the client has', async () => {
  const lastModified = (await read({}, 'HEAD')).headers.get('last-modified') ?? '';
  const unchanged: Record<string, string>[] = [
    { 'if-none-match': etag() },
    { 'if-none-match': `W/${etag()}, "other"` },
    { 'if-none-match': '*' },
    { 'if-modified-since': lastModified },
  ];
  for (const headers of unchanged) {
    const response = await read(headers);
    expect([headers, response.status, response.headers.get('etag')]).toEqual([headers, 304, etag()]);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  }
  const changed: Record<string, string>[] = [
    { 'if-none-match': '"other"', 'if-modified-since': lastModified },
    { 'if-modified-since': new Date(0).toUTCString() },
    { 'if-modified-since': 'nonsense' },
  ];
  for (const headers of changed) expect([headers, (await read(headers)).status]).toEqual([headers, 200]);
});

test('heeds If-Range', async () => {
  const range = 'bytes=0-9';
  expect((await read({ range, 'if-range': etag() })).status).toBe(206);
  expect((await read({ range, 'if-range': '"other"' })).status).toBe(200);
});

test('HEAD says what GET would, without the bytes', async () => {
  const head = await read({ range: 'bytes=0-9' }, 'HEAD');
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe('100000');
  expect(head.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
});

/** Sends a path as it is: fetch would tidy it up. Resolves with the whole answer. */
async function readRaw(path: string): Promise<string> {
  const socket = net.connect(system.listening.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

test('serves no other object, however the path is written', async () => {
  const secret = { Bucket: system.bucketName, Key: 'secret.txt', Body: 'secret', ContentType: 'text/html' };
  await system.s3.send(new PutObjectCommand(secret));
  const unnamed = { ...secret, Key: `images/${crypto.randomUUID()}.png` };
  await system.s3.send(new PutObjectCommand(unnamed));
  const answers = await Promise.all(
    [
      'secret.txt',
      'images/../secret.txt',
      'images/%2e%2e/secret.txt',
      'images%2f..%2fsecret.txt',
      '/secret.txt',
      '%00',
      '%zz',
      'images/',
      image.key.replace('/', '%2F'),
      image.key.replace('/', '//'),
      `${image.key}/`,
      `${image.key}%00`,
      image.key.toUpperCase(),
      unnamed.Key,
    ].map(async (key) => (await readRaw(`/api/s3-image/${key}`)).split('\r\n')[0]?.slice(9, 12)),
  );
  expect(answers).toEqual([...Array(13).fill('400'), '404']);
});

test('says that S3 is away, with Retry-After, never that the image is missing', async () => {
  const client = createS3Client(
    {
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      bucket: 'x',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    },
    { maxAttempts: 1 },
  );
  const { url, close } = await system.restart({ bucket: { client, name: system.bucketName } });
  for (const method of ['GET', 'HEAD']) {
    const response = await fetch(`${url}${image.image_url}`, { method });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  }
  await close();
});

test('says that the bucket is missing, not the image', async () => {
  const { url, close } = await system.restart({ bucket: { client: system.s3, name: 'no-such-bucket-here' } });
  const response = await fetch(`${url}${image.image_url}`);
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'S3BucketMissing' } }]);
  await close();
});

test('never serves an object of another size than the stored one', async () => {
  const other = await upload(system.url, paddedImage('image/png', 5_000, 2));
  await system.s3.send(new PutObjectCommand({ Bucket: system.bucketName, Key: other.key, Body: 'torn' }));
  const response = await fetch(`${system.url}${other.image_url}`);
  expect([response.status, await response.json()]).toMatchObject([502, { error: { code: 'ChecksumMismatch' } }]);
});

test('a reader that leaves ends the read from S3', async () => {
  const large = await upload(system.url, paddedImage('image/jpeg', 20 * 1024 ** 2, 3));
  const client = createS3Client({
    endpoint: system.env.AWS_S3_ENDPOINT_URL,
    region: 'us-east-1',
    bucket: 'x',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const bodies: { destroyed: boolean }[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if ('Body' in result.output) bodies.push(result.output.Body as { destroyed: boolean });
      return result;
    },
    { step: 'initialize' },
  );
  const { url, close } = await system.restart({ bucket: { client, name: system.bucketName } });
  const abort = new AbortController();
  const response = await fetch(`${url}${large.image_url}`, { signal: abort.signal });
  await response.body?.getReader().read();
  expect(bodies.map((body) => body.destroyed)).toEqual([false]);
  abort.abort();
  await waitFor('the read to end', () => bodies[0]?.destroyed);
  const whole = Buffer.from(await (await fetch(`${url}${large.image_url}`)).arrayBuffer());
  expect(createHash('sha256').update(whole).digest('hex')).toBe(large.sha256);
  await close();
  client.destroy();
});
