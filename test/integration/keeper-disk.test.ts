// The keeper on a disk that fills up: writes are refused before the emulator sees them, all else goes on, and so do
// writes when there is room again. The test sets the free space; the rest is real.
import path from 'node:path';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningKeeper, startKeeper } from '../../src/keeper/index.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { fauxqs } from '../support/emulator.ts';
import { clientFor, createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { waitFor } from '../support/wait-for.ts';

const MiB = 1024 ** 2;
const Bucket = 'keeper-disk';
const disk = { freeBytes: 1024 * MiB, totalBytes: 2048 * MiB };
let world: KeeperWorld;
let keeper: RunningKeeper;
let client: S3Client;

beforeAll(async () => {
  world = await createKeeperWorld(fauxqs);
  await world.keeper.close();
  keeper = await startKeeper(
    {
      port: 0,
      host: '127.0.0.1',
      upstreamUrl: world.emulator.url,
      folder: path.join(world.folder, 'guarded'),
      retentionMs: 86_400_000,
      retentionBytes: 100_000,
      minFreeBytes: 128 * MiB,
      readDiskSpace: async () => ({ ...disk }),
    },
    { logger: silentLogger() },
  );
  await keeper.ready();
  client = clientFor(keeper.url);
  await client.send(new CreateBucketCommand({ Bucket }));
}, 60_000);
afterAll(async () => {
  client?.destroy();
  await keeper?.close();
  await world?.stop();
});

const put = (key: string, body: string | Buffer) => client.send(new PutObjectCommand({ Bucket, Key: key, Body: body }));
const refusal = expect.objectContaining({
  name: 'InsufficientStorage',
  $metadata: expect.objectContaining({ httpStatusCode: 507 }),
  message: expect.stringMatching(/nearly full.*KEEPER_MIN_FREE.*free.*undo holds.*goes on by itself/),
});

test('below the margin what needs space is refused before the emulator sees it; reads and deletes go on', async () => {
  await put('kept', 'kept');
  await put('to-delete', 'gone soon');
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'large' }));
  disk.freeBytes = 100 * MiB;
  await waitFor('the keeper to see it', () => keeper.status().disk?.isLow === true);

  await expect(put('new', 'new')).rejects.toEqual(refusal);
  await expect(put('kept', 'changed')).rejects.toEqual(refusal);
  const part = { Bucket, Key: 'large', UploadId, PartNumber: 1, Body: 'part' };
  await expect(client.send(new UploadPartCommand(part))).rejects.toEqual(refusal);
  expect((await fetch(`${world.emulator.url}/${Bucket}/new`, { method: 'HEAD' })).status).toBe(404);

  const kept = await client.send(new GetObjectCommand({ Bucket, Key: 'kept' }));
  expect(await kept.Body?.transformToString()).toBe('kept');
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'to-delete' }));

  disk.freeBytes = 1024 * MiB;
  await put('new', 'new');
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'new' }))).ContentLength).toBe(3);
});

test('a body that would not fit is refused by its length, a smaller one is taken', async () => {
  disk.freeBytes = 130 * MiB;
  await waitFor('the keeper to see it', () => keeper.status().disk?.freeBytes === disk.freeBytes);
  await expect(put('too-large', Buffer.alloc(3 * MiB))).rejects.toEqual(refusal);
  await put('small', 'small');
  disk.freeBytes = 1024 * MiB;
});

test('undo is cut back to its bound in bytes soon after the bound is passed', async () => {
  for (let i = 0; i < 8; i++) await put('again', Buffer.alloc(30_000, i));
  await waitFor('retention to be enforced', () => keeper.status().counts.retiredBytes <= 100_000);
  expect(keeper.status().counts.retired).toBeGreaterThan(0);
});
