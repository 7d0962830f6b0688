// Commits wait for each other only where others will come, and then share a transaction. With a wait that never ends, a
// commit that waited in vain would be a test that never does.
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openForReading } from './schema.ts';
import { openForTest, put, temporaryFolder } from './store-fixture.ts';

const noEnd = { gatherMs: 1_000_000_000 };

function commitsOf(folder: string): number {
  const database = openForReading(path.join(folder, 'store.db'));
  try {
    return Number(database.prepare('SELECT commits FROM totals').get()?.commits);
  } finally {
    database.close();
  }
}

test('where few changes are under way, a commit waits for none', async () => {
  const store = await openForTest({ folder: await temporaryFolder() }, noEnd);
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) store.beginIntent({ bucket: 'photos', key, operation: 'put' });
  await put(store, 'a', new Uint8Array(1));
  expect(store.object('photos', 'a')).toBeDefined();
});

test('where many are, commits that come one after the other are one transaction', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder }, noEnd);
  const keys = Array.from({ length: 8 }, (_, i) => `key ${i}`);
  for (const key of keys) store.beginIntent({ bucket: 'photos', key, operation: 'put' });
  const before = commitsOf(folder);
  const puts: Promise<void>[] = [];
  for (const key of keys) {
    puts.push(put(store, key, new Uint8Array(1)));
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  }
  await Promise.all(puts);
  expect(commitsOf(folder)).toBe(before + 1);
});

test('what waits for others is carried out before the store closes', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder }, { gatherMs: 50 });
  for (let i = 0; i < 8; i++) store.beginIntent({ bucket: 'photos', key: `${i}`, operation: 'put' });
  const done = put(store, 'a', new Uint8Array(1));
  while (store.commitsWaiting().count === 0) await nextTurn();
  await store.close();
  await done;
  const again = await openForTest({ folder });
  expect(again.object('photos', 'a')).toBeDefined();
});
