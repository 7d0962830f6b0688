// The reconciler with a real keeper in front of an emulator. The reconciler brings back objects deleted through the keeper
// from the keeper's store. The keeper itself puts back objects removed behind its back. A lost bucket comes back, too.
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createReconciler, type Reconciler } from '../../src/reconciler/index.ts';
import { createKeeperClient } from '../../src/shared/keeper-api.ts';
import { fauxqs } from '../support/emulator.ts';
import { clientFor, createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { createWorld, type World } from '../support/reconciler-world.ts';

let keeperWorld: KeeperWorld;
let world: World;
let emulator: S3Client;
let reconciler: Reconciler;

beforeAll(async () => {
  keeperWorld = await createKeeperWorld(fauxqs);
  world = await createWorld({ endpoint: keeperWorld.keeper.url });
  emulator = clientFor(keeperWorld.emulator.url);
  reconciler = createReconciler({ ...world.deps, keeper: createKeeperClient(keeperWorld.keeper.url) });
});
afterAll(async () => {
  emulator.destroy();
  await world.close();
  await keeperWorld.stop();
});
beforeEach(() => world.clear());

async function addImages(count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 0; i < count; i++) keys.push(await world.addImage());
  return keys;
}

test('brings back what was deleted through the keeper; what was removed behind it is back when it is asked for', async () => {
  const [behind = '', through = ''] = await addImages(8);
  const bodies = [await world.bodyOf(behind), await world.bodyOf(through)];
  await emulator.send(new DeleteObjectCommand({ Bucket: world.bucket.name, Key: behind }));
  await world.removeObject(through);

  const report = await reconciler.run({ mode: 'check' });
  expect(report).toMatchObject({ status: 'Degraded', counts: { ok: { count: 7 }, missing: { count: 1 } } });
  expect(report.sample.map(({ key, remedy }) => [key, remedy?.action])).toEqual([[through, 'restore']]);
  expect(report.identity?.storeId).toBe(keeperWorld.keeper.status().storeId);

  expect(await reconciler.run({ mode: 'repair' })).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  expect([await world.bodyOf(behind), await world.bodyOf(through)]).toEqual(bodies);
  expect(await reconciler.run({ mode: 'check' })).toMatchObject({ status: 'Healthy' });
});

test('does not adopt an object that came back although it was deleted through the keeper', async () => {
  const [key = ''] = await addImages(3);
  await world.pool.query('DELETE FROM images WHERE key = $1', [key]);
  const { Metadata, ContentType } = await emulator.send(new HeadObjectCommand({ Bucket: world.bucket.name, Key: key }));
  const body = await world.bodyOf(key);
  await world.removeObject(key);
  await emulator.send(
    new PutObjectCommand({ Bucket: world.bucket.name, Key: key, Body: body ?? '', Metadata, ContentType }),
  );
  const report = await reconciler.run({ mode: 'repair', graceMs: 0 });
  expect(report.sample[0]).toMatchObject({ key, class: 'orphan', remedy: { action: 'quarantine' } });
  expect(await world.rowCount()).toBe(2);
});

test('brings a bucket back that is gone, with all that rows refer to', async () => {
  const keys = await addImages(3);
  for (const Key of keys) await emulator.send(new DeleteObjectCommand({ Bucket: world.bucket.name, Key }));
  await emulator.send(new DeleteBucketCommand({ Bucket: world.bucket.name }));
  expect(await reconciler.run({ mode: 'check' })).toMatchObject({ status: 'Suspicious' });
  const preview = await reconciler.run({ mode: 'preview' });
  expect(preview).toMatchObject({ status: 'Suspicious', actions: { planned: 1, done: 0 } });
  expect(preview.actions.sample).toMatchObject([{ action: 'restore', state: 'planned' }]);
  expect(await reconciler.run({ mode: 'repair' })).toMatchObject({ status: 'Healthy' });
  expect(await world.keysUnder('images/')).toEqual(keys.sort());
});
