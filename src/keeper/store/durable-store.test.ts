// The store's everyday behaviour, each through a fresh folder and, where it matters, through a second opening.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { blockBytes } from './block-checks.ts';
import type { Change } from './contract.ts';
import { bodyOf, bytesOf, get, metaOf, openForTest, put, remove, temporaryFolder } from './store-fixture.ts';

const text = (value: string): Buffer => Buffer.from(value);

test('gives back what was put, with its record, after it was opened again', async () => {
  const folder = await temporaryFolder();
  const first = await openForTest({ folder, now: () => 1234 });
  const settings = [{ name: 'tagging', headers: { 'content-type': 'text/xml' }, body: bytesOf(300) }];
  const meta = {
    ...metaOf('ü/../😀//\0\u0001', 5),
    parts: [{ sizeBytes: 5, etag: '"p"', headers: { 'x-amz-checksum-crc32': 'AA==' } }],
  };
  await first.commit({
    kind: 'put-object',
    meta,
    source: { kind: 'body', body: await bodyOf(first, text('hello')) },
    settings,
  });
  const { id } = first;
  await first.close();

  const second = await openForTest({ folder });
  const object = second.object('photos', meta.key);
  expect(object).toMatchObject({ ...meta, savedAt: 1234 });
  expect(object?.settings.map(({ body }) => Buffer.from(body))).toEqual([bytesOf(300)]);
  expect(await get(second, meta.key)).toEqual(text('hello'));
  expect(second.id).toBe(id);
  expect(second.createdAt).toBe(1234);
});

test.each([0, 1, 99, 100, 101, blockBytes, blockBytes + 1, 3 * blockBytes + 7])(
  'keeps a body of %i bytes, whole and in ranges',
  async (sizeBytes) => {
    const store = await openForTest({ folder: await temporaryFolder(), inlineBytes: 100 });
    const bytes = bytesOf(sizeBytes);
    await put(store, 'key', bytes);
    expect(await get(store, 'key')).toEqual(bytes);
    const versionId = store.object('photos', 'key')?.versionId ?? 0;
    for (const [start, end] of [
      [0, 1],
      [1, sizeBytes],
      [blockBytes - 1, blockBytes + 1],
      [sizeBytes - 1, sizeBytes],
    ]) {
      if (start === undefined || end === undefined || start < 0 || end > sizeBytes) continue;
      expect(await buffer(store.readBody(versionId, { start, end }))).toEqual(bytes.subarray(start, end));
    }
  },
);

test('lists in UTF-8 byte order, page after page, one bucket or all', async () => {
  const store = await openForTest({ folder: await temporaryFolder() });
  const keys = [...Array.from({ length: 600 }, (_, i) => `k${i}`), '\u{1F600}', '\uFF5E', 'a', 'Z'];
  await Promise.all(keys.map((key) => put(store, key, text(key))));
  const body = await bodyOf(store, text('other'));
  await store.commit({ kind: 'put-object', meta: metaOf('a', 5, 'others'), source: { kind: 'body', body } });
  const sorted = keys.toSorted((a, b) => Buffer.compare(text(a), text(b)));
  expect([...store.objects('photos')].map(({ key }) => key)).toEqual(sorted);
  expect([...store.objects()].map(({ bucket, key }) => `${bucket}/${key}`)).toEqual([
    'others/a',
    ...sorted.map((key) => `photos/${key}`),
  ]);
});

test('keeps what was overwritten and deleted, newest first, until its time is over', async () => {
  let now = 1000;
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, retentionMs: 100, inlineBytes: 1, now: () => now });
  await put(store, 'key', text('one'));
  now = 1010;
  await put(store, 'key', text('two'));
  now = 1020;
  await remove(store, 'key', 'never there');
  expect(store.object('photos', 'key')).toBeUndefined();
  const retired = store.retired('photos', 'key');
  expect(retired.map(({ cause, retiredAt, expiresAt }) => [cause, retiredAt, expiresAt])).toEqual([
    ['deleted', 1020, 1120],
    ['overwritten', 1010, 1110],
  ]);
  expect(store.counts()).toEqual({ buckets: 1, objects: 0, bytes: 0, retired: 2, retiredBytes: 6 });

  expect(await store.expire(1109)).toEqual({ versions: 0, bytes: 0 });
  expect(await store.expire(1110)).toEqual({ versions: 1, bytes: 3 });
  const versionId = store.retired('photos', 'key')[0]?.versionId ?? 0;
  await store.commit({ kind: 'put-object', meta: metaOf('key', 3), source: { kind: 'version', versionId } });
  expect(await get(store, 'key')).toEqual(text('two'));
  expect(await store.expire(1120)).toEqual({ versions: 1, bytes: 3 });
  expect(await get(store, 'key')).toEqual(text('two'));
  await store.close();
  expect(await readdir(path.join(folder, 'bodies'))).toHaveLength(1);
});

test('drops the oldest first when what is kept for undo is over its bound in bytes', async () => {
  const store = await openForTest({ folder: await temporaryFolder(), retentionBytes: 250 });
  for (let i = 0; i < 5; i++) await put(store, `key${i}`, bytesOf(100));
  for (let i = 0; i < 5; i++) await remove(store, `key${i}`);
  expect(await store.expire(Date.now())).toEqual({ versions: 3, bytes: 300 });
  expect(store.retired('photos', 'key2')).toEqual([]);
  expect(store.retired('photos', 'key3')).toHaveLength(1);
});

test('expires more versions than one step drops', async () => {
  const store = await openForTest({ folder: await temporaryFolder(), retentionMs: 0 });
  await Promise.all(Array.from({ length: 450 }, (_, i) => put(store, `k${i}`, text('x'))));
  await remove(store, ...Array.from({ length: 450 }, (_, i) => `k${i}`));
  expect(await store.expire(Date.now())).toEqual({ versions: 450, bytes: 450 });
});

test('completes an upload without copying, and shares bodies until the last that names them goes', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 10, retentionMs: 0 });
  const upload = {
    bucket: 'photos',
    key: 'big',
    uploadId: 'u',
    upstreamUploadId: 'x',
    headers: { a: 'b' },
    createdAt: 5,
  };
  await store.commit({ kind: 'create-upload', upload });
  const putPart = async (partNumber: number, bytes: Uint8Array) =>
    store.commit({
      kind: 'put-part',
      uploadId: 'u',
      part: { partNumber, sizeBytes: bytes.length, etag: `"${partNumber}"`, headers: {} },
      source: await bodyOf(store, bytes),
    });
  await putPart(2, bytesOf(70, 2));
  await putPart(1, bytesOf(50, 9));
  await putPart(1, bytesOf(60, 1));
  await putPart(7, bytesOf(80, 7));
  await store.commit({ kind: 'rename-upload', uploadId: 'u', upstreamUploadId: 'y' });
  expect(store.uploads()).toEqual([{ ...upload, upstreamUploadId: 'y' }]);
  expect(store.parts('u').map(({ partNumber, sizeBytes }) => [partNumber, sizeBytes])).toEqual([
    [1, 60],
    [2, 70],
    [7, 80],
  ]);
  expect(await buffer(store.readPart('u', 2))).toEqual(bytesOf(70, 2));

  const whole = Buffer.concat([bytesOf(60, 1), bytesOf(70, 2)]);
  await store.commit({ kind: 'complete-upload', uploadId: 'u', partNumbers: [1, 2], meta: metaOf('big', 130) });
  expect(await get(store, 'big')).toEqual(whole);
  const versionId = store.object('photos', 'big')?.versionId ?? 0;
  expect(await buffer(store.readBody(versionId, { start: 55, end: 65 }))).toEqual(whole.subarray(55, 65));
  expect(store.uploads()).toEqual([]);

  const source = { kind: 'same-as', bucket: 'photos', key: 'big' } as const;
  await store.commit({ kind: 'put-object', meta: metaOf('copy', 130), source });
  await remove(store, 'big');
  await store.expire(Date.now());
  expect(await get(store, 'copy')).toEqual(whole);
  await remove(store, 'copy');
  await store.expire(Date.now());
  await store.close();
  expect(await readdir(path.join(folder, 'bodies'))).toEqual([]);
});

test('keeps buckets with their settings, and forgets them with the bucket', async () => {
  const store = await openForTest({ folder: await temporaryFolder(), now: () => 7 });
  await store.commit({
    kind: 'put-bucket',
    bucket: 'photos',
    headers: { 'x-amz-acl': 'private' },
    body: text('<xml/>'),
  });
  await store.commit({ kind: 'put-bucket', bucket: 'photos', headers: {}, body: text('') });
  const setting = (name: string, value: string) => ({ name, headers: {}, body: text(value) });
  for (const one of [setting('cors', '1'), setting('policy', '2'), setting('cors', '3')]) {
    await store.commit({ kind: 'put-bucket-setting', bucket: 'photos', setting: one });
  }
  await store.commit({ kind: 'delete-bucket-setting', bucket: 'photos', name: 'policy' });
  const [bucket] = store.buckets();
  expect(bucket).toMatchObject({ bucket: 'photos', headers: { 'x-amz-acl': 'private' }, createdAt: 7 });
  expect(Buffer.from(bucket?.body ?? [])).toEqual(text('<xml/>'));
  expect(bucket?.settings.map(({ name, body }) => [name, Buffer.from(body).toString()])).toEqual([['cors', '3']]);
  await put(store, 'left over', text('x'));
  await store.commit({ kind: 'delete-bucket', bucket: 'photos' });
  expect(store.buckets()).toEqual([]);
  expect([...store.objects()]).toEqual([]);
  expect(store.retired('photos', 'left over')).toHaveLength(1);
});

test('changes the settings of an object, which the next put forgets', async () => {
  const store = await openForTest({ folder: await temporaryFolder() });
  const setting = { name: 'tagging', headers: {}, body: text('<t/>') };
  const refused = store.commit({ kind: 'put-object-setting', bucket: 'photos', key: 'key', setting });
  await expect(refused).rejects.toMatchObject({ code: 'VersionNotFound' });
  await put(store, 'key', text('1'));
  await store.commit({ kind: 'put-object-setting', bucket: 'photos', key: 'key', setting });
  expect(store.object('photos', 'key')?.settings).toHaveLength(1);
  await store.commit({ kind: 'delete-object-setting', bucket: 'photos', key: 'key', name: 'tagging' });
  expect(store.object('photos', 'key')?.settings).toHaveLength(0);
  await store.commit({ kind: 'put-object-setting', bucket: 'photos', key: 'key', setting });
  await put(store, 'key', text('2'));
  expect(store.object('photos', 'key')?.settings).toHaveLength(0);
});

test('refuses an object whose bytes are not as many as its record says, and nothing else in its batch', async () => {
  const store = await openForTest({ folder: await temporaryFolder() });
  const body = await bodyOf(store, text('four'));
  const [wrong, right] = await Promise.allSettled([
    store.commit({ kind: 'put-object', meta: metaOf('wrong', 5), source: { kind: 'body', body } }),
    put(store, 'right', text('fine')),
  ]);
  expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'Internal' } });
  expect(right.status).toBe('fulfilled');
  expect(store.object('photos', 'wrong')).toBeUndefined();
  await store.commit({ kind: 'put-object', meta: metaOf('again', 4), source: { kind: 'body', body } });
  expect(await get(store, 'again')).toEqual(text('four'));
});

test('frees a body that was discarded, and refuses one that is used twice', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 10 });
  const half = store.beginBody();
  await half.write(bytesOf(100));
  await half.discard();
  await half.discard();
  await expect(half.write(bytesOf(1))).rejects.toMatchObject({ code: 'Internal' });
  await (await bodyOf(store, bytesOf(100))).discard();
  expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
  expect(await readdir(path.join(folder, 'bodies'))).toEqual([]);
  const body = await bodyOf(store, bytesOf(100));
  await store.commit({ kind: 'put-object', meta: metaOf('a', 100), source: { kind: 'body', body } });
  await body.discard();
  const twice = store.commit({ kind: 'put-object', meta: metaOf('b', 100), source: { kind: 'body', body } });
  await expect(twice).rejects.toMatchObject({ code: 'Internal' });
  expect(await get(store, 'a')).toEqual(bytesOf(100));
});

test('carries out what was asked for, in that order, before it closes', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder });
  const bodies = await Promise.all(Array.from({ length: 600 }, (_, i) => bodyOf(store, text(String(i)))));
  const changes = bodies.flatMap((body, i) => [
    store.commit({ kind: 'put-object', meta: metaOf('key', body.sizeBytes), source: { kind: 'body', body } }),
    i === 599 ? Promise.resolve() : remove(store, 'key'),
  ]);
  const closed = store.close();
  await Promise.all([...changes, closed]);
  await expect(remove(store, 'key')).rejects.toMatchObject({ code: 'Internal' });
  const again = await openForTest({ folder });
  expect(await get(again, 'key')).toEqual(text('599'));
  expect(again.retired('photos', 'key')).toHaveLength(599);
});

test('refuses a change that can not be sent to the commit thread, and takes the next one', async () => {
  const store = await openForTest({ folder: await temporaryFolder() });
  const setting = { name: 'cors', headers: {}, body: text('') };
  const broken = { kind: 'put-bucket-setting', bucket: 'photos', setting: { ...setting, body: () => {} } };
  await expect(store.commit(broken as unknown as Change)).rejects.toMatchObject({ code: 'Internal' });
  await store.commit({ kind: 'put-bucket-setting', bucket: 'photos', setting });
  expect(store.buckets()).toHaveLength(1);
});

test('knows the session of the emulator', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder });
  expect(store.session()).toBeNull();
  await store.commit({ kind: 'set-session', session: 's1' });
  expect(store.session()).toBe('s1');
});
