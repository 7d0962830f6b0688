import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Store } from '../contract.ts';
import { bytesOf, get, openForTest, put, remove, temporaryFolder } from '../store-fixture.ts';
import { backUpStore } from './backup.ts';
import { verifyStore } from './verify.ts';

async function contentsOf(store: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { key, versionId } of store.objects()) {
    found[key] = (await buffer(store.readBody(versionId))).toString('base64');
  }
  return found;
}

test('a backup beside a running keeper is a store with all that was there, and agrees with no emulator', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder: path.join(folder, 'store'), inlineBytes: 1000 });
  await store.commit({ kind: 'set-session', session: 'one' });
  for (let i = 0; i < 20; i++) await put(store, `key${i}`, bytesOf(100 * i * i, i));
  await remove(store, 'key3', 'key19');
  const target = path.join(folder, "an other's", 'backup');
  const progress: number[] = [];
  const report = await backUpStore(path.join(folder, 'store'), target, { onProgress: (done) => progress.push(done) });
  expect(report).toMatchObject({ target, rounds: 1, verdict: { damaged: 0, leftOver: { files: 0 } } });
  expect(progress.at(-1)).toBeGreaterThan(100_000);
  await put(store, 'after', bytesOf(10));
  expect(readdirSync(path.dirname(target))).toEqual(['backup']);

  const copy = await openForTest({ folder: target, inlineBytes: 1000 });
  expect(copy.damaged()).toEqual([]);
  expect(copy.id).toBe(store.id);
  expect(copy.session()).toBeNull();
  expect(copy.counts()).toEqual({ ...store.counts(), objects: 18, bytes: store.counts().bytes - 10 });
  await remove(store, 'after');
  expect(await contentsOf(copy)).toEqual(await contentsOf(store));
  const [deleted] = copy.retired('photos', 'key19');
  expect(deleted && (await buffer(copy.readBody(deleted.versionId)))).toEqual(bytesOf(36_100, 19));
});

test('while everything is overwritten and dropped at once, the copy is one whole state', async () => {
  const folder = await temporaryFolder();
  const source = path.join(folder, 'store');
  const store = await openForTest({ folder: source, inlineBytes: 100, retentionMs: 0 });
  for (let i = 0; i < 40; i++) await put(store, `key${i}`, bytesOf(5000, i));
  let turn = 0;
  let isOver = false;
  const writer = (async () => {
    for (; !isOver; turn++) {
      await put(store, `key${turn % 40}`, bytesOf(5000, turn));
      if (turn % 20 === 0) await store.expire(Date.now() + 1);
    }
  })();
  for (let i = 0; i < 3; i++) {
    const report = await backUpStore(source, path.join(folder, `backup${i}`));
    expect(report.verdict).toMatchObject({ damaged: 0, findings: [], leftOver: { files: 0 } });
  }
  isOver = true;
  await writer;
  const copy = await openForTest({ folder: path.join(folder, 'backup2'), inlineBytes: 100 });
  expect(copy.damaged()).toEqual([]);
  expect(Object.keys(await contentsOf(copy))).toHaveLength(40);
});

test('damage that the store has is copied and named; the rest is whole', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder: path.join(folder, 'store'), inlineBytes: 100 });
  await put(store, 'good', bytesOf(2000, 1));
  await put(store, 'lost', bytesOf(3000, 2));
  const bodies = path.join(folder, 'store', 'bodies');
  for (const name of readdirSync(bodies)) {
    const file = path.join(bodies, name);
    if (statSync(file).size === 3000) rmSync(file);
  }
  const { verdict } = await backUpStore(path.join(folder, 'store'), path.join(folder, 'backup'));
  expect(verdict.findings).toContainEqual({ what: 'photos/lost', reason: 'its file is missing' });
  const copy = await openForTest({ folder: path.join(folder, 'backup'), inlineBytes: 100 });
  expect(await get(copy, 'good')).toEqual(bytesOf(2000, 1));
});

test('refuses a target that is taken or inside the store, and leaves nothing behind', async () => {
  const folder = await temporaryFolder();
  const source = path.join(folder, 'store');
  const store = await openForTest({ folder: source });
  await put(store, 'key', bytesOf(10));
  await store.close();
  writeFileSync(path.join(folder, 'mine'), 'mine');
  await expect(backUpStore(source, folder)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
  await expect(backUpStore(source, path.join(source, 'backup'))).rejects.toMatchObject({ code: 'DataFolderUnusable' });
  await expect(backUpStore(path.join(folder, 'none'), path.join(folder, 'b'))).rejects.toMatchObject({
    code: 'NotFound',
  });
  expect(readdirSync(folder).sort()).toEqual(['mine', 'store']);
  expect(existsSync(path.join(source, 'backup'))).toBe(false);
  mkdirSync(path.join(folder, '.b.partial', 'bodies'), { recursive: true }); // as a killed backup leaves it
  writeFileSync(path.join(folder, '.b.partial', 'bodies', 'half'), 'half');
  await backUpStore(source, path.join(folder, 'b'));
  expect(readdirSync(folder).sort()).toEqual(['b', 'mine', 'store']);
  expect(readdirSync(path.join(folder, 'b', 'bodies'))).toEqual([]);
  expect(await verifyStore(path.join(folder, 'b'))).toMatchObject({ damaged: 0, rows: 2 });
});
