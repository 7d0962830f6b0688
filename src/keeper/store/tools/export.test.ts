import { cpSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import * as kept from '../../../../test/fixtures/keeper-store-format-1/contents.ts';
import type { Store } from '../contract.ts';
import { bytesOf, get, metaOf, openForTest, put, temporaryFolder } from '../store-fixture.ts';
import { exportStore } from './export.ts';
import { entryName } from './export-format.ts';
import { importStore, verifyExport } from './import.ts';
import { verifyStore } from './verify.ts';

async function exported(folder: string): Promise<{ tar: Buffer; report: Awaited<ReturnType<typeof exportStore>> }> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const report = await exportStore(folder, output, { now: () => 0 });
  return { tar: Buffer.concat(chunks), report };
}

async function copyOfKept(): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'store');
  cpSync(path.resolve(import.meta.dirname, '../../../../test/fixtures/keeper-store-format-1/store'), folder, {
    recursive: true,
  });
  return folder;
}

async function entriesOf(tar: Buffer): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {};
  const reader = extract();
  Readable.from([tar]).pipe(reader as unknown as Writable);
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
    found[entry.header.name] = Buffer.concat(chunks);
  }
  return found;
}

const objectsOf = (store: Store) =>
  Promise.all(
    [...store.objects()].map(async ({ versionId, savedAt: _, settings, ...rest }) => ({
      ...rest,
      settings: settings.map((one) => ({ ...one, body: Buffer.from(one.body).toString() })),
      bytes: (await buffer(store.readBody(versionId))).toString('base64'),
    })),
  );

test('what is exported comes back as it was: bytes, metadata, tags, settings and multipart parts', async () => {
  const folder = await copyOfKept();
  const { tar, report } = await exported(folder);
  expect(report).toMatchObject({ buckets: 1, objects: 5, bytes: 141_500, damaged: [] });
  const target = path.join(await temporaryFolder(), 'new');
  expect(await importStore(target, Readable.from([tar]))).toMatchObject({ buckets: 1, imported: 5, unchanged: 0 });
  const [from, to] = [await openForTest({ folder }), await openForTest({ folder: target })];
  expect(await objectsOf(to)).toEqual(await objectsOf(from));
  const [bucket] = to.buckets();
  expect(bucket).toMatchObject({ bucket: kept.bucket, headers: kept.bucketHeaders });
  expect(bucket?.settings.map(({ name, body }) => [name, Buffer.from(body).toString()])).toEqual([
    ['cors', '<CORSConfiguration/>'],
  ]);
  expect(to.session()).toBe(''); // no emulator agrees with it: the next keeper fills one
});

test('any tar reads it: an entry for each object under its key, its record after it', async () => {
  const { tar } = await exported(await copyOfKept());
  const entries = await entriesOf(tar);
  expect(Object.keys(entries)).toEqual([
    'keepsake-export.json',
    'buckets/photos.json',
    'objects/photos/empty',
    'records/000000001.json',
    'objects/photos/inline 😀/%/%2E%2E/%',
    'records/000000002.json',
    'objects/photos/large',
    'records/000000003.json',
    'objects/photos/large-copy',
    'records/000000004.json',
    'objects/photos/multipart',
    'records/000000005.json',
    'end.json',
  ]);
  expect(entries['objects/photos/large']).toEqual(kept.largeObject.bytes);
  expect(JSON.parse(`${entries['records/000000005.json']}`)).toMatchObject({
    key: 'multipart',
    etag: kept.multipartObject.meta.etag,
    parts: kept.multipartObject.meta.parts,
  });
  expect(entryName('b', '/a\\b\n%/./c/')).toBe('objects/b/%/a%5Cb%0A%25/%2E/c/%');
});

test('a second import changes nothing; what differs is replaced and kept for undo', async () => {
  const folder = await copyOfKept();
  const { tar } = await exported(folder);
  expect(await importStore(folder, Readable.from([tar]))).toMatchObject({ imported: 0, unchanged: 5 });
  const before = await openForTest({ folder });
  expect(before.counts()).toMatchObject({ objects: 5, retired: 2 });
  await before.commit({
    kind: 'put-object',
    meta: { ...metaOf('large', 0) },
    source: { kind: 'same-as', bucket: 'photos', key: 'empty' },
  });
  await before.close();
  expect(await importStore(folder, Readable.from([tar]))).toMatchObject({ imported: 1, unchanged: 4 });
  const after = await openForTest({ folder });
  expect(await get(after, 'large')).toEqual(kept.largeObject.bytes);
  expect(after.retired('photos', 'large')).toHaveLength(2);
  expect(await verifyStore(folder)).toMatchObject({ damaged: 0, leftOver: { files: 0, bodies: 0 } });
});

test('a file cut anywhere, or with a flipped bit, is refused before anything is changed', async () => {
  const { tar } = await exported(await copyOfKept());
  await verifyExport(Readable.from([tar]));
  for (let cut = 0; cut < tar.length - 1536; cut += 1777) {
    await expect(verifyExport(Readable.from([tar.subarray(0, cut)]))).rejects.toMatchObject({ code: 'ExportUnusable' });
  }
  const objects = tar.indexOf('objects/photos/large');
  const record = tar.indexOf('"etag of large');
  for (const at of [5, objects + 512 + 40_000, record + 6, tar.indexOf('"objects":5') + 10]) {
    const bad = Buffer.from(tar);
    bad.writeUInt8(bad.readUInt8(at) ^ 2, at);
    await expect(verifyExport(Readable.from([bad]))).rejects.toMatchObject({ code: 'ExportUnusable' });
  }
  await expect(verifyExport(Readable.from([]))).rejects.toMatchObject({ code: 'ExportUnusable' });
  await expect(verifyExport(Readable.from([Buffer.from('no tar at all'.repeat(100))]))).rejects.toMatchObject({
    code: 'ExportUnusable',
  });
});

test('a stream that breaks off tells what was imported; nothing of it is torn, and a whole one goes on', async () => {
  const { tar } = await exported(await copyOfKept());
  const folder = path.join(await temporaryFolder(), 'new');
  const cut = tar.subarray(0, tar.indexOf('objects/photos/large-copy') + 30_000);
  await expect(importStore(folder, Readable.from([cut]))).rejects.toMatchObject({
    code: 'ExportUnusable',
    message: expect.stringMatching(/; 3 objects were imported before, whole/),
  });
  expect(await verifyStore(folder)).toMatchObject({ damaged: 0, leftOver: { files: 0 } });
  expect(readdirSync(path.join(folder, 'incoming'))).toEqual([]);
  expect(await importStore(folder, Readable.from([tar]))).toMatchObject({ imported: 2, unchanged: 3 });
});

test('what is damaged is named and left out; the rest is exported', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 10 });
  await put(store, 'a', bytesOf(500, 1));
  await put(store, 'b', bytesOf(300_000, 2));
  await put(store, 'c', bytesOf(500, 3));
  await store.close();
  const database = await import('node:sqlite').then(
    ({ DatabaseSync }) => new DatabaseSync(path.join(folder, 'store.db')),
  );
  const file = database.prepare('SELECT file FROM bodies WHERE size = 300000').get()?.file;
  database.close();
  rmSync(path.join(folder, 'bodies', String(file)));
  const { tar, report } = await exported(folder);
  expect(report).toMatchObject({ objects: 2, damaged: [{ what: 'photos/b', reason: 'its file is missing' }] });
  const target = path.join(await temporaryFolder(), 'new');
  expect(await importStore(target, Readable.from([tar]))).toMatchObject({ imported: 2 });
  expect([...(await openForTest({ folder: target })).objects()].map(({ key }) => key)).toEqual(['a', 'c']);
});

test('a store in use is not imported into', async () => {
  const folder = await temporaryFolder();
  await openForTest({ folder });
  await expect(importStore(folder, Readable.from([]))).rejects.toMatchObject({ code: 'DataFolderLocked' });
});
