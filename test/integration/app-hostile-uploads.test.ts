// P7: what hostile or broken clients send gets its own clear answer, and nothing of it is kept.
import net from 'node:net';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type AppUnderTest, imageForm, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { paddedImage, smallImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

let system: AppUnderTest;
const png = smallImage('image/png');
const MiB = 1024 ** 2;

beforeAll(async () => {
  system = await startAppUnderTest({
    MAX_UPLOAD_SIZE: '12MiB',
    UPLOAD_IDLE_TIMEOUT: '300ms',
    MAX_CONCURRENT_UPLOADS: '2',
  });
});
afterAll(() => system.close());
afterEach(nothingIsKept);

async function nothingIsKept(): Promise<void> {
  await waitFor('nothing to be left', async () => {
    const { rows } = await system.pool.query('SELECT key FROM images');
    const objects = await system.s3.send(new ListObjectsV2Command({ Bucket: system.bucketName }));
    const uploads = await system.s3.send(new ListMultipartUploadsCommand({ Bucket: system.bucketName }));
    return rows.length === 0 && (objects.KeyCount ?? 0) === 0 && (uploads.Uploads ?? []).length === 0;
  });
}

const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${system.url}/api/images/`, { method: 'POST', body, headers });
const form = (...fields: [name: string, value: string | Uint8Array, fileName?: string][]) => {
  const data = new FormData();
  for (const [name, value, fileName] of fields) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([Buffer.from(value)]), fileName ?? 'a.png');
  }
  return data;
};
const html = Buffer.from('<!doctype html><svg xmlns="http://www.w3.org/2000/svg"></svg><script>alert(1)</script>');

test.each<[string, FormData, number, string]>([
  ['no file', form(['title', 'x']), 400, 'MissingFile'],
  ['an empty text instead of a file', form(['image', '']), 400, 'MissingFile'],
  ['a text instead of a file', form(['image', 'data']), 400, 'MissingFile'],
  ['two files', form(['image', png], ['image', png]), 400, 'TooManyFiles'],
  ['a file in another field', form(['photo', png]), 400, 'UnexpectedField'],
  ['an empty file', form(['image', new Uint8Array()]), 400, 'EmptyFile'],
  ['a text named .png', form(['image', Buffer.from('just text'), 'a.png']), 415, 'UnsupportedMediaType'],
  ['a PDF named .jpg', form(['image', Buffer.from('%PDF-1.7\n'), 'a.jpg']), 415, 'UnsupportedMediaType'],
  ['HTML with an SVG in it', form(['image', html, 'a.svg']), 415, 'UnsupportedMediaType'],
  ['a title that is too long', form(['title', 'x'.repeat(201)], ['image', png]), 400, 'BadRequest'],
  ['a title after the file that is too long', form(['image', png], ['title', 'x'.repeat(201)]), 400, 'BadRequest'],
  ['a field of 5,000 characters', form(['title', 'x'.repeat(5000)], ['image', png]), 400, 'BadRequest'],
  ['two titles', form(['title', 'x'], ['title', 'y'], ['image', png]), 400, 'BadRequest'],
  ['a field named __proto__', form(['__proto__[x]', 'y']), 400, 'MissingFile'],
  ['an image a byte over the limit', form(['image', paddedImage('image/png', 12 * MiB + 1, 1)]), 413, 'UploadTooLarge'],
  ['two large files', form(['image', paddedImage('image/png', 6 * MiB, 1)], ['image', png]), 400, 'TooManyFiles'],
])('refuses %s', async (_name, body, status, code) => {
  const response = await post(body);
  expect(await response.json()).toMatchObject({ error: { code, what: expect.any(String) } });
  expect(response.status).toBe(status);
  const images = await fetch(`${system.url}/api/images/`);
  expect(await images.json()).toEqual({ results: [], next: null });
});

test.each([
  ['JSON', '{"image":"x"}', 'application/json', 415, 'UnsupportedMediaType'],
  ['a form without a boundary', 'x', 'multipart/form-data', 400, 'BadRequest'],
  [
    'a form that ends too early',
    '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\x89PNG',
    'multipart/form-data; boundary=b',
    400,
    'IncompleteUpload',
  ],
])('refuses %s', async (_name, body, contentType, status, code) => {
  const response = await post(body, { 'content-type': contentType });
  expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
});

const formHead = 'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n';
const requestHead = (length: number, host = 'x') =>
  `POST /api/images/ HTTP/1.1\r\nHost: ${host}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`;

/** Speaks to the API by hand; `received` grows as it answers. */
async function connect() {
  const socket = net.connect(system.listening.port, '127.0.0.1');
  const connection = { socket, received: '', isClosed: false };
  socket.on('data', (chunk: Buffer) => {
    connection.received += chunk.toString('latin1');
  });
  socket
    .on('error', () => {})
    .once('close', () => {
      connection.isClosed = true;
    });
  await new Promise((resolve) => socket.once('connect', resolve));
  return connection;
}

test('refuses an announced 2 GB before its bytes are sent', async () => {
  const connection = await connect();
  connection.socket.write(`${requestHead(2 * 1024 ** 3)}--b\r\n${formHead}`);
  await waitFor('the answer', () => connection.received.includes('"UploadTooLarge"'));
  expect(connection.received).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
  await waitFor('the connection to be closed', () => connection.isClosed);
});

test('refuses a file while it comes, without reading the rest', async () => {
  const connection = await connect();
  connection.socket.write(`${requestHead(11 * MiB)}--b\r\n${formHead}not an image`);
  connection.socket.write(Buffer.alloc(6 * MiB, 0x20));
  await waitFor('the answer', () => connection.received.startsWith('HTTP/1.1 415 '));
  connection.socket.destroy();
});

test.each([
  ['in a small image', png.subarray(0, 40)],
  ['in a large image whose first parts are in S3', paddedImage('image/png', 11 * MiB, 1).subarray(0, 10.5 * MiB)],
])('keeps nothing of an upload whose connection is cut %s', async (_name, begun) => {
  const connection = await connect();
  connection.socket.write(`${requestHead(11.5 * MiB)}--b\r\n${formHead}`);
  connection.socket.write(begun);
  const isLarge = begun.length > 5 * MiB;
  if (isLarge) await waitFor('the row', async () => (await system.pool.query('SELECT 1 FROM images')).rowCount === 1);
  connection.socket.destroy();
  await nothingIsKept();
});

test('a client that stalls is told so, cut off, and leaves nothing', async () => {
  const connection = await connect();
  connection.socket.write(`${requestHead(10 * MiB)}--b\r\n${formHead}`);
  connection.socket.write(png);
  await waitFor('the answer', () => connection.received.includes('"RequestTimeout"'));
  expect(connection.received).toMatch(/^HTTP\/1\.1 408 /);
  await waitFor('the connection to be closed', () => connection.isClosed);
});

test('a client that drips byte by byte is cut off too', async () => {
  const connection = await connect();
  connection.socket.write(`${requestHead(10 * MiB)}--b\r\n${formHead}`);
  const drip = setInterval(() => connection.socket.write('x'), 20);
  await waitFor('the answer', () => connection.received.startsWith('HTTP/1.1 408 '));
  clearInterval(drip);
  connection.socket.destroy();
});

test('refuses more uploads at once than there are places, and takes more once they are free', async () => {
  const holders = [await connect(), await connect()];
  for (const { socket } of holders) socket.write(`${requestHead(10 * MiB)}--b\r\n${formHead}`);
  const refused = await waitFor('a refusal', async () => {
    const response = await post(imageForm(Buffer.from('no image')));
    return response.status === 503 && response;
  });
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(await refused.json()).toMatchObject({ error: { code: 'Overloaded' } });
  for (const { socket } of holders) socket.destroy();
  await waitFor('a place', async () => (await post(imageForm(Buffer.from('no image')))).status === 415);
});

test.each([
  ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['Origin: null', { origin: 'null' }],
])('refuses a change that another site asks for: %s', async (_name, headers) => {
  const response = await post(imageForm(png), headers);
  expect([response.status, await response.json()]).toMatchObject([403, { error: { code: 'CrossSiteRequest' } }]);
});

test('takes a change that our own page asks for', async () => {
  const { id } = await upload(system.url, png);
  const own = [{ 'sec-fetch-site': 'same-origin' }, { origin: system.url }];
  const statuses = await Promise.all(
    own.map(async (headers) => {
      const init = {
        method: 'PATCH',
        body: '{"title":"x"}',
        headers: { ...headers, 'content-type': 'application/json' },
      };
      return (await fetch(`${system.url}/api/images/${id}/`, init)).status;
    }),
  );
  expect(statuses).toEqual([200, 200]);
  await fetch(`${system.url}/api/images/${id}/`, { method: 'DELETE' });
  const { app, close } = await system.restart();
  app.startBackground();
  await nothingIsKept();
  await close();
});

test.each([
  ['names no file', 'Content-Disposition: form-data; name="image"\r\nContent-Type: image/png', 'names no file'],
  ['is no form data', 'Content-Disposition: attachment; name="image"; filename="a.png"', "can't be read"],
  ['names nothing', 'Content-Disposition: nonsense', "can't be read"],
])('tells of a part that %s', async (_name, head, got) => {
  const body = `--b\r\n${head}\r\n\r\nimage\r\n--b--\r\n`;
  const response = await post(body, { 'content-type': 'multipart/form-data; boundary=b' });
  const expected = { code: 'MissingFile', got: expect.stringContaining(got) };
  expect([response.status, await response.json()]).toMatchObject([400, { error: expected }]);
});
