// Damage, entry by entry: named, set aside, and never in the way of the rest. Damage to the whole: a clear refusal.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { blockBytes } from './block-checks.ts';
import type { DamagedEntry } from './contract.ts';
import { openStore } from './open-store.ts';
import { bodyOf, bytesOf, get, openForTest, put, remove, temporaryFolder } from './store-fixture.ts';

const text = (value: string): Buffer => Buffer.from(value);

/** A closed store with the objects `good` and `bad`, both inline or both in files. */
async function storeWithTwo(inlineBytes: number): Promise<{ folder: string; database: string; bad: Buffer }> {
  const folder = await temporaryFolder();
  const bad = bytesOf(600, 2);
  const store = await openForTest({ folder, inlineBytes });
  await put(store, 'good', bytesOf(500, 1));
  await put(store, 'bad', bad);
  await store.close();
  return { folder, database: path.join(folder, 'store.db'), bad };
}

/** Flips one bit of the only place in the file where `pattern` stands. */
function flipBit(file: string, pattern: Uint8Array): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(pattern);
  expect(at).toBeGreaterThanOrEqual(0);
  expect(bytes.indexOf(pattern, at + 1)).toBe(-1);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(file, bytes);
}

const bodyFile = (folder: string, sizeBytes: number): string => {
  const files = readdirSync(path.join(folder, 'bodies')).map((name) => path.join(folder, 'bodies', name));
  return files.find((file) => readFileSync(file).length === sizeBytes) ?? 'none';
};

describe.each([
  ['a bit of an inline body', 1000, (folder: string, bad: Buffer) => flipBit(path.join(folder, 'store.db'), bad)],
  ['a bit of a body file', 10, (folder: string, bad: Buffer) => flipBit(bodyFile(folder, 600), bad)],
  ['the end of a body file', 10, (folder: string) => truncateSync(bodyFile(folder, 600), 599)],
  ['a bit of a record', 10, (folder: string) => flipBit(path.join(folder, 'store.db'), text('{"etag":"\\"bad'))],
  ['the list of bodies', 10, (folder: string) => swapSegments(path.join(folder, 'store.db'))],
  ['a body file, which is gone', 10, (folder: string) => rmSync(bodyFile(folder, 600))],
])('damage to %s', (_where, inlineBytes, hurt) => {
  test('sets that entry aside, names it, now and after a restart, and heals with the next put', async () => {
    const { folder, bad } = await storeWithTwo(inlineBytes);
    hurt(folder, bad);
    const named: DamagedEntry[] = [];
    const store = await openForTest({ folder, inlineBytes, onDamage: (entry) => named.push(entry) });
    const served = await get(store, 'bad').catch((error: unknown) => error);
    if (served !== undefined) expect(served).toMatchObject({ code: 'KeeperStoreDamaged' });
    expect(named).toEqual([{ bucket: 'photos', key: 'bad', reason: expect.any(String) }]);
    expect(store.damaged()).toEqual(named);
    expect(store.object('photos', 'bad')).toBeUndefined();
    expect([...store.objects()].map(({ key }) => key)).toEqual(['good']);
    expect(await get(store, 'good')).toEqual(bytesOf(500, 1));
    await store.close();

    const again = await openForTest({ folder, inlineBytes });
    expect(again.damaged()).toEqual(named);
    expect(again.counts()).toMatchObject({ objects: 1, bytes: 500 });
    await put(again, 'bad', bad);
    expect(await get(again, 'bad')).toEqual(bad);
    expect(again.damaged()).toEqual([]);
    expect(again.retired('photos', 'bad')).toEqual([]);
    await remove(again, 'bad', 'good');
    expect(again.counts()).toMatchObject({ objects: 0, bytes: 0, retired: 2, retiredBytes: 1100 });
  });
});

function swapSegments(database: string): void {
  const open = new DatabaseSync(database);
  open.exec('UPDATE segments SET body = 3 - body');
  open.exec('DELETE FROM segments WHERE version = 1; INSERT INTO segments VALUES (1, 0, 1)');
  open.close();
}

test('serves the sound blocks of a range, and stops before the damaged one', async () => {
  const folder = await temporaryFolder();
  const bytes = bytesOf(3 * blockBytes);
  const store = await openForTest({ folder });
  await put(store, 'key', bytes);
  flipBit(bodyFile(folder, bytes.length), bytes.subarray(2 * blockBytes + 5, 2 * blockBytes + 50));
  const versionId = store.object('photos', 'key')?.versionId ?? 0;
  expect(await buffer(store.readBody(versionId, { start: 10, end: 2 * blockBytes }))).toEqual(
    bytes.subarray(10, 2 * blockBytes),
  );
  expect(store.damaged()).toEqual([]);
  const received: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of store.readBody(versionId)) received.push(chunk as Buffer);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'KeeperStoreDamaged' });
  expect(Buffer.concat(received)).toEqual(bytes.subarray(0, 2 * blockBytes));
  expect(store.damaged()).toHaveLength(1);
});

test('reads past a damaged page of the database and names the objects on it', async () => {
  const folder = await temporaryFolder();
  const database = path.join(folder, 'store.db');
  const keys = Array.from({ length: 400 }, (_, i) => `key${String(i).padStart(3, '0')}`);
  const first = await openForTest({ folder });
  await Promise.all(keys.map((key) => put(first, key, text(key))));
  await first.close();
  const bytes = readFileSync(database);
  const page = leafPageOf(database, 'versions');
  bytes.fill(0xa5, (page - 1) * 4096, page * 4096);
  writeFileSync(database, bytes);

  const store = await openForTest({ folder });
  const found = [...store.objects()].map(({ key }) => key);
  const named = store.damaged().map(({ key }) => key);
  expect(named.length).toBeGreaterThan(0);
  expect(named.length).toBeLessThan(100);
  expect([...found, ...named].sort()).toEqual(keys);
  await put(store, 'new', text('new'));
  expect(await get(store, 'new')).toEqual(text('new'));
});

test('makes a damaged index of the database anew, and says so', async () => {
  const folder = await temporaryFolder();
  const database = path.join(folder, 'store.db');
  const keys = Array.from({ length: 400 }, (_, i) => `key${String(i).padStart(3, '0')}`);
  const first = await openForTest({ folder });
  await Promise.all(keys.map((key) => put(first, key, text(key))));
  await first.close();
  // One letter of a key in the index, and in no other place. Pages fill from their end: what stands there is in use.
  const bytes = readFileSync(database);
  const page = leafPageOf(database, 'versions_current');
  const at = bytes.lastIndexOf(text('photoskey'), page * 4096) + 'photosk'.length;
  expect(at).toBeGreaterThan((page - 1) * 4096);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(database, bytes);

  const store = await openForTest({ folder });
  expect(store.damaged().map(({ reason }) => reason)).toEqual([expect.stringContaining('index of versions')]);
  expect([...store.objects()].map(({ key }) => key)).toEqual(keys);
  for (const key of keys) expect(store.object('photos', key)?.key).toBe(key);
  await store.close();
  expect((await openForTest({ folder })).damaged()).toEqual([]);
});

test('sets an object aside whose bytes are on a damaged page of the database', async () => {
  const folder = await temporaryFolder();
  const database = path.join(folder, 'store.db');
  const first = await openForTest({ folder });
  const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
  for (const [i, key] of keys.entries()) await put(first, key, bytesOf(10_000, i));
  await first.close();
  const bytes = readFileSync(database);
  const page = leafPageOf(database, 'bodies');
  bytes.fill(0xa5, (page - 1) * 4096, page * 4096);
  writeFileSync(database, bytes);

  const store = await openForTest({ folder });
  const lost: string[] = [];
  for (const [i, key] of keys.entries()) {
    const served = await get(store, key).catch(() => lost.push(key));
    if (!lost.includes(key)) expect(served).toEqual(bytesOf(10_000, i));
  }
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(10);
  const named = store.damaged().map(({ key, reason }) => key || reason);
  expect(named.sort()).toEqual([...lost, 'the list of bodies in store.db is on a damaged page'].sort());
  await put(store, 'new', text('new'));
  expect(await get(store, 'new')).toEqual(text('new'));
});

function leafPageOf(database: string, table: string): number {
  const open = new DatabaseSync(database);
  const rows = open.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'").all(table);
  open.close();
  return Number(rows[Math.floor(rows.length / 2)]?.pageno);
}

test('names a damaged part, upload and bucket, and leaves them out', async () => {
  const folder = await temporaryFolder();
  const database = path.join(folder, 'store.db');
  const first = await openForTest({ folder });
  const upload = (uploadId: string) => ({
    bucket: 'photos',
    key: `key of ${uploadId}`,
    uploadId,
    upstreamUploadId: uploadId,
    headers: { 'x-amz-meta-name': `upload ${uploadId}` },
    createdAt: 1,
  });
  for (const id of ['one', 'two']) await first.commit({ kind: 'create-upload', upload: upload(id) });
  for (const partNumber of [1, 2]) {
    const part = { partNumber, sizeBytes: 50, etag: `"part ${partNumber}"`, headers: {} };
    const source = await bodyOf(first, bytesOf(50, partNumber));
    await first.commit({ kind: 'put-part', uploadId: 'one', part, source });
  }
  await first.commit({ kind: 'put-bucket', bucket: 'others', headers: { 'x-amz-acl': 'mine' }, body: text('') });
  await first.close();
  for (const pattern of ['upload two', '"part 1"', 'mine']) flipBit(database, text(pattern));
  flipBit(database, bytesOf(50, 2));

  const store = await openForTest({ folder });
  expect(store.uploads()).toEqual([upload('one')]);
  expect(store.upload('two')).toBeUndefined();
  expect(store.buckets().map(({ bucket }) => bucket)).toEqual(['photos']);
  expect(store.parts('one').map(({ partNumber }) => partNumber)).toEqual([2]);
  await expect(buffer(store.readPart('one', 2))).rejects.toMatchObject({ code: 'KeeperStoreDamaged' });
  const named = store.damaged().map(({ bucket, key, reason }) => `${bucket}/${key}: ${reason}`);
  expect(named).toHaveLength(4);
  for (const what of ['part 1 of upload one', 'part 2 of upload one', 'upload two', 'bucket others']) {
    expect(named).toContainEqual(expect.stringContaining(what));
  }
});

test.each([
  ['names the commits that a flipped bit in the log of the database cut off', 0.5, 1],
  ['takes a whole log for what it is', undefined, 0],
])('%s', async (_what, flipAt, named) => {
  const { folder } = await storeWithTwo(10);
  const first = await openForTest({ folder });
  for (let i = 0; i < 20; i++) await put(first, `key${i}`, bytesOf(100, i));
  const copy = await temporaryFolder(); // the files on disk now, as a kill would leave them
  cpSync(folder, copy, { recursive: true });
  const log = path.join(copy, 'store.db-wal');
  const bytes = readFileSync(log);
  const at = Math.floor(bytes.length * (flipAt ?? 0));
  if (flipAt !== undefined) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(log, bytes);

  const store = await openForTest({ folder: copy });
  expect(store.damaged()).toHaveLength(named);
  expect([...store.objects()].length < 22).toBe(named === 1);
  if (named === 1) expect(store.damaged()[0]?.reason).toMatch(/lacks the last \d+ commits/);
  expect(await get(store, 'good')).toEqual(bytesOf(500, 1));
  await put(store, 'new', text('new'));
  await store.close();
  const again = await openForTest({ folder: copy });
  expect(again.damaged()).toEqual([]);
});

describe('a store that can not be used', () => {
  const refusal = (folder: string) => openStore({ folder }).catch((error: unknown) => error);

  test('is refused when another has it open, and free again afterwards', async () => {
    const folder = await temporaryFolder();
    const first = await openForTest({ folder });
    expect(await refusal(folder)).toMatchObject({ code: 'DataFolderLocked', detail: { remedy: expect.any(String) } });
    await first.close();
    await openForTest({ folder });
  });

  test.each([
    ['cut in half', (file: string) => truncateSync(file, Math.floor(readFileSync(file).length / 8192) * 4096)],
    ['cut within its first page', (file: string) => truncateSync(file, 60)],
    ['cut to nothing', (file: string) => truncateSync(file, 0)],
    ['another file', (file: string) => writeFileSync(file, 'not a database at all. '.repeat(500))],
    ['the database of another program', (file: string) => pragma(file, 'application_id = 7')],
    ['without a version', (file: string) => pragma(file, 'user_version = 0')],
    ['gone, while bodies are there', (file: string) => rmSync(file)],
    ['gone, while the log of intents counts commits', (file: string) => removeAllBut(file, 'intents.log')],
  ])('is refused when it is %s', async (_what, hurt) => {
    const { folder, database } = await storeWithTwo(10);
    hurt(database);
    const before = readdirSync(path.join(folder, 'bodies'));
    expect(await refusal(folder)).toMatchObject({ code: 'KeeperStoreDamaged', detail: { remedy: expect.any(String) } });
    expect(readdirSync(path.join(folder, 'bodies'))).toEqual(before);
  });

  test('is refused, and left as it is, when a newer Keepsake wrote it', async () => {
    const { folder, database } = await storeWithTwo(10);
    pragma(database, 'user_version = 2');
    const before = readFileSync(database);
    expect(await refusal(folder)).toMatchObject({ code: 'KeeperStoreTooNew' });
    expect(readFileSync(database).equals(before)).toBe(true);
  });

  test('is refused when its folder is a file', async () => {
    const { database } = await storeWithTwo(10);
    expect(await refusal(path.join(database, 'below'))).toMatchObject({ code: 'DataFolderUnusable' });
  });
});

function removeAllBut(database: string, kept: string): void {
  const folder = path.dirname(database);
  for (const name of readdirSync(folder)) if (name !== kept) rmSync(path.join(folder, name), { recursive: true });
  for (const name of ['bodies', 'incoming']) mkdirSync(path.join(folder, name));
}

function pragma(database: string, setting: string): void {
  const open = new DatabaseSync(database);
  open.exec(`PRAGMA ${setting}`);
  open.close();
}

test('a version that is dropped while it is read is gone, not damaged', async () => {
  const store = await openForTest({ folder: await temporaryFolder(), inlineBytes: 10, retentionMs: 0 });
  await put(store, 'key', bytesOf(100));
  const versionId = store.object('photos', 'key')?.versionId ?? 0;
  await remove(store, 'key');
  const reading = store.readBody(versionId);
  await store.expire(Date.now());
  await expect(buffer(reading)).rejects.toMatchObject({ code: 'VersionNotFound' });
  expect(store.damaged()).toEqual([]);
});
