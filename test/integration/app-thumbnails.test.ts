// Thumbnails: small, made once, gone with their image, and never a mask for a broken link.
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workOffOutbox } from '../../src/app/images/outbox.ts';
import type { ImageJson } from '../../src/shared/image.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { type AppUnderTest, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { smallImage } from '../support/images.ts';

let system: AppUnderTest;
let photo: Buffer;

beforeAll(async () => {
  system = await startAppUnderTest();
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  photo = await sharp({ create: { width: 2400, height: 1600, channels: 3, background: '#888', noise } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toBuffer();
});
afterAll(() => system.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${system.url}${path}`, { headers, redirect: 'manual' });
const keysUnder = async (Prefix: string) => {
  const { Contents = [] } = await system.s3.send(new ListObjectsV2Command({ Bucket: system.bucketName, Prefix }));
  return Contents.map(({ Key }) => Key);
};
const send = async (body: Buffer): Promise<ImageJson> => (await upload(system.url, body)) as ImageJson;

test('an image has smaller copies, upright, each made once and kept in S3', async () => {
  const image = await send(photo);
  expect(image).toMatchObject({ width: 1600, height: 2400, frames: 1, placeholder: expect.stringMatching(/./) });
  expect(image.thumbnails.map(({ width }) => width)).toEqual([320, 640, 1280]);
  for (const { width, url } of image.thumbnails) {
    const [first, again] = await Promise.all([get(url), get(url)]);
    const bytes = Buffer.from(await first.arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height: width * 1.5 });
    expect(bytes.length).toBeLessThan(photo.length / 2);
    expect(Buffer.from(await again.arrayBuffer())).toEqual(bytes);
    expect(first.headers.get('cache-control')).toContain('immutable');
    const etag = first.headers.get('etag') ?? '';
    expect((await get(url, { 'if-none-match': etag })).status).toBe(304);
  }
  expect(await keysUnder('thumbnails/')).toHaveLength(3);
});

test('a thumbnail is never shown for an image whose object is gone', async () => {
  const image = await send(photo);
  const url = image.thumbnails[0]?.url ?? '';
  expect((await get(url)).status).toBe(200);
  await system.s3.send(new DeleteObjectCommand({ Bucket: system.bucketName, Key: image.key }));
  const answer = await get(url);
  expect([answer.status, await answer.json()]).toMatchObject([502, { error: { code: 'S3ObjectMissing' } }]);
});

test('thumbnails go with their image', async () => {
  const image = await send(photo);
  await get(image.thumbnails[0]?.url ?? '');
  expect(await keysUnder(`thumbnails/320/${image.id}`)).toHaveLength(1);
  await fetch(`${system.url}/api/images/${image.id}/`, { method: 'DELETE' });
  const { pool, s3: client, bucketName: name } = system;
  const deps = { pool, bucket: { client, name }, logger: silentLogger(), clock: () => new Date(Date.now() + 60_000) };
  await workOffOutbox(deps, new AbortController().signal);
  expect(await keysUnder(`thumbnails/320/${image.id}`)).toEqual([]);
});

test('small images and SVG have none; what can not be drawn smaller is shown as it is', async () => {
  expect((await send(smallImage('image/png'))).thumbnails).toEqual([]);
  const svg = await send(smallImage('image/svg+xml'));
  expect(svg.thumbnails).toEqual([]);
  const answer = await get(`/api/thumbnails/320/${svg.key}`);
  expect([answer.status, answer.headers.get('location')]).toEqual([302, svg.image_url]);
});

test.each(['/api/thumbnails/321/images/a.png', '/api/thumbnails/320/../x', '/api/thumbnails/320/%2e%2e/images/a.png'])(
  'refuses %s',
  async (path) => {
    expect((await get(path)).status).toBe(path.includes('/../') ? 404 : 400);
  },
);
