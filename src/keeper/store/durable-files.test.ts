// The order of the durable steps, and what is there after a fault at each of them.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder, sharingFolderSyncs } from './durable-files.ts';
import { faultyFiles } from './faulty-files.ts';
import { bodyOf, bytesOf, get, metaOf, openForTest, put, temporaryFolder } from './store-fixture.ts';

const stepsOfABody = ['create', 'write', 'sync', 'close', 'rename to bodies', 'sync folder bodies'];

test('syncs the bytes before the rename, the rename before the commit', async () => {
  const { files, calls } = faultyFiles();
  const store = await openForTest({ folder: await temporaryFolder(), inlineBytes: 10 }, { files });
  calls.splice(0);
  const body = await bodyOf(store, bytesOf(100));
  expect(calls).toEqual(stepsOfABody);
  await store.commit({ kind: 'put-object', meta: metaOf('key', 100), source: { kind: 'body', body } });
  expect(calls).toEqual(stepsOfABody);
});

test('removes a file only after the commit that drops it', async () => {
  const { files, calls } = faultyFiles();
  const store = await openForTest({ folder: await temporaryFolder(), inlineBytes: 10, retentionMs: 0 }, { files });
  await put(store, 'key', bytesOf(100));
  await store.commit({ kind: 'delete-objects', bucket: 'photos', keys: ['key'] });
  calls.splice(0);
  const expired = store.expire(Date.now());
  expect(calls).toEqual([]);
  await expired;
  await store.close();
  expect(calls).toEqual(['unlink']);
});

test('makes each new folder durable before the next one in it, and the last again at each start', async () => {
  const top = await temporaryFolder();
  const { files, calls } = faultyFiles();
  const synced = (...folders: readonly string[]) => folders.map((folder) => `sync folder ${path.basename(folder)}`);
  await makeFolder(path.join(top, 'one', 'two'), files);
  expect(calls.splice(0)).toEqual(synced(path.dirname(top), top, 'one'));
  await makeFolder(path.join(top, 'one', 'two'), files);
  expect(calls).toEqual(synced('one'));
});

test('syncs of a folder that are asked for while one is under way share the next, which begins after all of them', async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const { syncFolder } = sharingFolderSyncs({
    ...faultyFiles().files,
    syncFolder() {
      const sync = Promise.withResolvers<void>();
      begun.push(sync);
      return sync.promise;
    },
  });
  const first = syncFolder('bodies');
  const shared = [syncFolder('bodies'), syncFolder('bodies')];
  expect(begun).toHaveLength(1);
  begun[0]?.reject(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  const late = syncFolder('bodies');
  expect(begun).toHaveLength(2);
  begun[1]?.resolve();
  await Promise.all(shared);
  expect(begun).toHaveLength(3);
  begun[2]?.resolve();
  await late;
});

describe.each(stepsOfABody.map((name, index) => [name, index] as const))('a fault at "%s"', (name, index) => {
  const isForGood = name === 'sync folder bodies';
  const [before, after] = [bytesOf(100, 1), bytesOf(200, 2)];

  test('fails that object alone: what was there stays, nothing is left over, the next put works unless a folder failed', async () => {
    const folder = await temporaryFolder();
    const faulty = faultyFiles();
    const store = await openForTest({ folder, inlineBytes: 10 }, { files: faulty.files });
    await put(store, 'key', before);
    faulty.failAfter(index, { code: 'EIO', isCrash: false });
    const writer = store.beginBody();
    const attempt = async () => {
      await writer.write(after);
      await writer.finish();
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'DataFolderUnusable' });
    await writer.discard();
    expect(await get(store, 'key')).toEqual(before);
    expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
    expect(await readdir(path.join(folder, 'bodies'))).toHaveLength(1);
    if (isForGood) {
      // Nobody knows which other names the folder lost: nothing is acknowledged until the next start.
      await expect(put(store, 'key', after)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
      expect(store.failure()).toMatchObject({ code: 'DataFolderUnusable' });
      expect(await get(store, 'key')).toEqual(before);
      return;
    }
    await put(store, 'key', after);
    expect(await get(store, 'key')).toEqual(after);
  });

  test('as a crash leaves what was there, and the next start cleans up', async () => {
    const folder = await temporaryFolder();
    const faulty = faultyFiles();
    const first = await openForTest({ folder, inlineBytes: 10 }, { files: faulty.files });
    await put(first, 'key', before);
    faulty.failAfter(index, { code: 'EIO', isCrash: true });
    await expect(put(first, 'key', after)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
    await first.close();

    const second = await openForTest({ folder, inlineBytes: 10 });
    expect(await get(second, 'key')).toEqual(before);
    expect(second.damaged()).toEqual([]);
    expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
    expect(await readdir(path.join(folder, 'bodies'))).toHaveLength(1);
  });
});

test('a body that lost its commit is removed at the next start', async () => {
  const folder = await temporaryFolder();
  const first = await openForTest({ folder, inlineBytes: 10 });
  await bodyOf(first, bytesOf(100));
  expect(await readdir(path.join(folder, 'bodies'))).toHaveLength(1);
  await first.close();
  await openForTest({ folder });
  expect(await readdir(path.join(folder, 'bodies'))).toEqual([]);
});
