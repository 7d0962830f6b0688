// A full disk: a clear error, nothing half done, and the store goes on when there is room again.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { faultyFiles } from './faulty-files.ts';
import { bytesOf, get, openForTest, put, remove, temporaryFolder } from './store-fixture.ts';

test('refuses what does not fit into the database, keeps all that was acknowledged, and recovers', async () => {
  const store = await openForTest({ folder: await temporaryFolder(), retentionMs: 0 }, { maxPages: 200 });
  const acknowledged: number[] = [];
  let refusal: unknown;
  for (let i = 0; refusal === undefined && i < 1000; i++) {
    await put(store, `key${i}`, bytesOf(8000, i)).then(
      () => acknowledged.push(i),
      (error: unknown) => {
        refusal = error;
      },
    );
  }
  expect(refusal).toMatchObject({ code: 'DiskFull', status: 507 });
  expect(acknowledged.length).toBeGreaterThan(50);
  expect([...store.objects()]).toHaveLength(acknowledged.length);
  for (const i of acknowledged) expect(await get(store, `key${i}`)).toEqual(bytesOf(8000, i));

  await remove(store, ...acknowledged.slice(0, 20).map((i) => `key${i}`));
  await store.expire(Date.now());
  await put(store, 'again', bytesOf(8000, 5000));
  expect(await get(store, 'again')).toEqual(bytesOf(8000, 5000));
});

test('refuses a body whose file does not fit, and takes the next one when there is room', async () => {
  const folder = await temporaryFolder();
  const faulty = faultyFiles();
  const store = await openForTest({ folder, inlineBytes: 10 }, { files: faulty.files });
  faulty.failAfter(1, { code: 'ENOSPC', isCrash: false });
  const writer = store.beginBody();
  await expect(writer.write(bytesOf(600_000))).rejects.toMatchObject({ code: 'DiskFull' });
  await expect(writer.finish()).rejects.toMatchObject({ code: 'DiskFull' });
  await writer.discard();
  expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
  await put(store, 'key', bytesOf(2000));
  expect(await get(store, 'key')).toEqual(bytesOf(2000));
});
