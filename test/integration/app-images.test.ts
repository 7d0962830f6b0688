// The image flow through HTTP, on a real database and a real S3.
import { createHash } from 'node:crypto';
import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromObjectMetadata, type ImageJson, type Page } from '../../src/shared/image.ts';
import { type AppUnderTest, imageForm, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { allImageTypes, paddedImage, smallImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

let system: AppUnderTest;

beforeAll(async () => {
  system = await startAppUnderTest({ MAX_UPLOAD_SIZE: '12MiB' });
});
afterAll(() => system.close());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const get = (path: string, init?: RequestInit) => fetch(`${system.url}${path}`, init);
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

test.each(allImageTypes)('stores %s and serves it byte for byte', async (type) => {
  const bytes = smallImage(type);
  const response = await get('/api/images/', {
    method: 'POST',
    body: imageForm(bytes, { name: 'x.bin', title: 'A title' }),
  });
  expect(response.status).toBe(201);
  const image = (await response.json()) as ImageJson;
  expect(response.headers.get('location')).toBe(`/api/images/${image.id}/`);
  expect(image).toMatchObject({
    title: 'A title',
    original_name: 'x.bin',
    content_type: type,
    size_bytes: bytes.length,
  });
  expect(image).toMatchObject({ sha256: sha256(bytes), status: 'stored', image_url: `/api/s3-image/${image.key}` });

  const served = await get(image.image_url);
  expect(served.status).toBe(200);
  expect(Object.fromEntries(served.headers)).toMatchObject({
    'content-type': type,
    'content-length': String(bytes.length),
    etag: `"${image.sha256}"`,
    'accept-ranges': 'bytes',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'content-disposition': 'inline',
  });
  expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
});

test.each([
  ['one part', 5 * 1024 ** 2],
  ['several parts', 11 * 1024 ** 2 + 7],
])('stores a large image of %s and serves it byte for byte', async (_name, size) => {
  const bytes = paddedImage('image/jpeg', size, 1);
  const image = await upload(system.url, bytes);
  expect(image).toMatchObject({ size_bytes: size, sha256: sha256(bytes) });
  const served = Buffer.from(await (await get(image.image_url)).arrayBuffer());
  expect(sha256(served)).toBe(image.sha256);
});

test('sends along what a row can be rebuilt from', async () => {
  const bytes = smallImage('image/png');
  const image = await upload(system.url, bytes, { name: '山.png', title: 'Ünïcode 🏔' });
  const head = await system.s3.send(new HeadObjectCommand({ Bucket: system.bucketName, Key: image.key }));
  expect(head.ContentType).toBe('image/png');
  expect(fromObjectMetadata(head.Metadata ?? {})).toEqual({
    id: image.id,
    title: 'Ünïcode 🏔',
    originalName: '山.png',
    sha256: sha256(bytes),
    uploadedAt: new Date(image.uploaded_at),
  });
});

test.each([
  ['a path out of here', '../../x', 'x'],
  ['Unicode', '😀\u202e gnp.exe', '😀[U+202E] gnp.exe'],
  ['line breaks', 'a\r\nb".png', 'a b".png'],
  ['5,000 characters', `${'n'.repeat(4996)}.png`, 'n'.repeat(255)],
])('takes a hostile name only for a label: %s', async (_name, given, kept) => {
  const image = await upload(system.url, smallImage('image/png'), { name: given });
  expect(image.original_name).toBe(kept);
  expect(image.key).toBe(`images/${image.id}.png`);
});

test('pages newest first, each image once, while others are added', async () => {
  const titles = Array.from({ length: 5 }, (_, index) => `page ${index}`);
  for (const title of titles) await upload(system.url, smallImage('image/gif'), { title });
  const seen: string[] = [];
  let next: string | null = '/api/images/?limit=2';
  while (next !== null) {
    const page: Page<ImageJson> = (await (await get(next)).json()) as Page<ImageJson>;
    seen.push(...page.results.map(({ title }) => title));
    if (seen.length === 2) await upload(system.url, smallImage('image/gif'), { title: 'late' });
    next = page.next;
  }
  expect(seen.slice(0, 5)).toEqual(titles.toReversed());
  expect(seen).not.toContain('late');
  const ids = (await system.pool.query('SELECT id FROM images')).rowCount ?? 0;
  expect(seen.length).toBe(ids - 1);
});

test.each([
  ['?cursor=nonsense', 400, 'InvalidCursor'],
  ['?cursor=WyJ4IiwieSJd', 400, 'InvalidCursor'],
  ['?limit=0', 400, 'BadRequest'],
  ['?limit=201', 400, 'BadRequest'],
  ['?limit=many', 400, 'BadRequest'],
  ['not-an-id/', 400, 'InvalidId'],
  ['01890000-0000-7000-8000-000000000000/', 404, 'ImageNotFound'],
])('answers %s with %i %s', async (path, status, code) => {
  const response = await get(`/api/images/${path}`);
  expect(response.status).toBe(status);
  expect(await codeOf(response)).toBe(code);
});

test('changes a title', async () => {
  const { id } = await upload(system.url, smallImage('image/png'));
  const patch = (body: string) =>
    get(`/api/images/${id}/`, { method: 'PATCH', body, headers: { 'content-type': 'application/json' } });
  expect(await (await patch('{"title":" New "}')).json()).toMatchObject({ title: 'New' });
  expect(await (await get(`/api/images/${id}/`)).json()).toMatchObject({ title: 'New' });
  for (const wrong of [
    '{',
    '{}',
    '{"title":1}',
    '{"title":"x","key":"y"}',
    JSON.stringify({ title: 'x'.repeat(201) }),
  ]) {
    const response = await patch(wrong);
    expect([wrong, response.status, await codeOf(response)]).toEqual([wrong, 400, 'BadRequest']);
  }
});

test('deletes the row at once and the object right after', async () => {
  const { app, url, close } = await system.restart();
  app.startBackground();
  const image = await upload(url, smallImage('image/png'));
  const deleted = await fetch(`${url}/api/images/${image.id}/`, { method: 'DELETE' });
  expect(deleted.status).toBe(204);
  expect((await get(image.image_url)).status).toBe(404);
  expect((await get(`/api/images/${image.id}/`)).status).toBe(404);
  expect((await fetch(`${url}/api/images/${image.id}/`, { method: 'DELETE' })).status).toBe(404);
  await waitFor('the object to go', async () => {
    const list = await system.s3.send(new ListObjectsV2Command({ Bucket: system.bucketName, Prefix: image.key }));
    return list.KeyCount === 0;
  });
  await waitFor('the outbox to be empty', async () => (await system.pool.query('SELECT 1 FROM outbox')).rowCount === 0);
  await close();
});

test('says that a link is broken when the row is there and the object is not', async () => {
  const image = await upload(system.url, smallImage('image/png'));
  await system.s3.send(new DeleteObjectCommand({ Bucket: system.bucketName, Key: image.key }));
  const response = await get(image.image_url);
  expect(response.status).toBe(502);
  expect(response.headers.get('etag')).toBeNull();
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({
    error: { code: 'S3ObjectMissing', remedy: expect.stringContaining('npm run fix') },
  });
  expect((await get(image.image_url, { method: 'HEAD' })).status).toBe(502);
});
