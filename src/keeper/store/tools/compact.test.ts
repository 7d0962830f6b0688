import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bytesOf, get, openForTest, put, remove, temporaryFolder } from '../store-fixture.ts';
import { compactStore } from './compact.ts';
import { verifyStore } from './verify.ts';

const MiB = 1024 ** 2;

/** A closed store whose database is mostly free: of `objects` inline ones every tenth is left. */
async function mostlyFree(objects: number): Promise<string> {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 64 * 1024, retentionMs: 0 });
  const keys = Array.from({ length: objects }, (_, i) => `key${i}`);
  await Promise.all(keys.map((key, i) => put(store, key, bytesOf(60_000, i))));
  await remove(store, ...keys.filter((_, i) => i % 10 !== 0));
  await store.expire(Date.now() + 1);
  await store.close();
  return folder;
}

test('gives free pages and files that nothing names back, and keeps every object', async () => {
  const folder = await mostlyFree(200);
  writeFileSync(path.join(folder, 'bodies', 'stray'), 'stray');
  writeFileSync(path.join(folder, 'incoming', 'half'), 'half a body');
  const size = statSync(path.join(folder, 'store.db')).size;
  const report = await compactStore(folder);
  expect(report).toMatchObject({ removedFiles: 2, removedBytes: 16 });
  expect(report.before).toBeGreaterThanOrEqual(size);
  expect(report.after).toBeLessThan(2 * MiB);
  expect(report.after).toBe(statSync(path.join(folder, 'store.db')).size);
  expect(await verifyStore(folder)).toMatchObject({ damaged: 0, leftOver: { files: 0 } });
  const store = await openForTest({ folder });
  expect(await get(store, 'key190')).toEqual(bytesOf(60_000, 190));
  expect(store.counts().objects).toBe(20);
});

test('killed at any moment the store is whole, and the next time it is done', async () => {
  const folder = await mostlyFree(200);
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'compacting.ts'), folder]);
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    for (let i = 0; i < round * 2; i++) readdirSync(folder); // a moment later each time
    child.kill('SIGKILL');
    await exited;
    expect(await verifyStore(folder)).toMatchObject({ damaged: 0 });
  }
  expect((await compactStore(folder)).after).toBeLessThan(2 * MiB);
  expect(await verifyStore(folder)).toMatchObject({ damaged: 0, rows: 21 });
});

test('a store in use is left alone, and gives its space back by itself', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 64 * 1024, retentionMs: 0 });
  await expect(compactStore(folder)).rejects.toMatchObject({ code: 'DataFolderLocked' });
  const keys = Array.from({ length: 700 }, (_, i) => `key${i}`);
  await Promise.all(keys.map((key) => put(store, key, Buffer.alloc(60_000))));
  await remove(store, ...keys);
  await store.expire(Date.now() + 1);
  await store.close();
  expect(statSync(path.join(folder, 'store.db')).size).toBeLessThan(34 * MiB);
  expect((await compactStore(folder)).after).toBeLessThan(MiB);
});
