// A version's row names its bodies: whatever else the tables say, no other's bytes are served for it (schema.ts).
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Store } from './contract.ts';
import { bodyOf, bytesOf, get, metaOf, openForTest, put, temporaryFolder } from './store-fixture.ts';

const [one, other] = [bytesOf(300, 1), bytesOf(300, 2)];

/** A store with objects of one size, `whole` of two parts and two others; `change` is made to its tables while it is closed. */
async function reopenedAfter(change: string, inlineBytes: number): Promise<Store> {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes });
  await put(store, 'one', one);
  await put(store, 'other', other);
  await putOfTwoParts(store);
  await store.close();
  using database = new DatabaseSync(path.join(folder, 'store.db'));
  database.exec(change);
  return openForTest({ folder, inlineBytes });
}

async function putOfTwoParts(store: Store): Promise<void> {
  const upload = { bucket: 'photos', key: 'whole', uploadId: 'u', upstreamUploadId: 'u', headers: {}, createdAt: 1 };
  await store.commit({ kind: 'create-upload', upload });
  for (const [index, bytes] of [one, other].entries()) {
    const part = { partNumber: index + 1, sizeBytes: bytes.length, etag: '"e"', headers: {} };
    await store.commit({ kind: 'put-part', uploadId: 'u', part, source: await bodyOf(store, bytes) });
  }
  await store.commit({ kind: 'complete-upload', uploadId: 'u', partNumbers: [1, 2], meta: metaOf('whole', 600) });
}

const versionOf = (key: string): string => `(SELECT id FROM versions WHERE key = '${key}')`;
const bodyIdOf = (key: string): string => `(SELECT body FROM segments WHERE version = ${versionOf(key)} LIMIT 1)`;

test.each([
  ['in the database', 1000],
  ['in files', 10],
])('bytes of another body of the same size are never served: %s', async (_where, inlineBytes) => {
  const change = `UPDATE segments SET body = ${bodyIdOf('other')} WHERE version = ${versionOf('one')}`;
  const store = await reopenedAfter(change, inlineBytes);
  const { versionId } = store.object('photos', 'one') ?? { versionId: 0 };
  await expect(buffer(store.readBody(versionId))).rejects.toMatchObject({ code: 'KeeperStoreDamaged' });
  expect(store.damaged()).toMatchObject([{ bucket: 'photos', key: 'one', reason: 'the list of its bodies is broken' }]);
  expect(store.object('photos', 'one')).toBeUndefined();
  expect(await get(store, 'other')).toEqual(other);
});

test.each([
  ['in another order', `UPDATE segments SET position = 9 - position WHERE version = ${versionOf('whole')}`],
  ['one of them gone', `DELETE FROM segments WHERE position = 1 AND version = ${versionOf('whole')}`],
  ['one more', `INSERT INTO segments VALUES (${versionOf('whole')}, 9, ${bodyIdOf('one')})`],
  ['the size of one changed', `UPDATE bodies SET size = 299 WHERE id = ${bodyIdOf('whole')}`],
])('parts are served as they were put, or not at all: %s', async (_what, change) => {
  const store = await reopenedAfter(change, 1000);
  const { versionId } = store.object('photos', 'whole') ?? { versionId: 0 };
  await expect(buffer(store.readBody(versionId))).rejects.toMatchObject({ code: 'KeeperStoreDamaged' });
  expect(store.damaged()).toMatchObject([{ key: 'whole' }]);
  expect(await get(store, 'one')).toEqual(one);
});

test('a version that was dropped meanwhile is not held, and no damage', async () => {
  const store = await openForTest({ folder: await temporaryFolder() });
  await put(store, 'one', one);
  await expect(buffer(store.readBody(99))).rejects.toMatchObject({ code: 'VersionNotFound' });
  await expect(buffer(store.readPart('no-such-upload', 1))).rejects.toMatchObject({ code: 'VersionNotFound' });
  expect(store.damaged()).toEqual([]);
});
