// A read that a change overtook in the emulator: LocalStack would answer with the range of one write and the bytes of
// another. The keeper asks again while no change can be under way.
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { waitFor } from '../support/wait-for.ts';

const Bucket = 'keeper-raced-read';
const front = holdable(fauxqs);
let world: KeeperWorld;
beforeAll(async () => {
  world = await createKeeperWorld(front.kind);
  await world.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => world?.stop());

const put = (Key: string, Body: string) => world.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const readsOf = (key: string) => front.seen.filter((line) => line.startsWith(`GET /${Bucket}/${key}`)).length;

async function readHeldWhile(key: string, change: () => Promise<unknown>): Promise<string> {
  front.hold(new RegExp(`^GET /${Bucket}/${key}`));
  const reading = world.client.send(new GetObjectCommand({ Bucket, Key: key, Range: 'bytes=0-' }));
  await waitFor('the read to be held', () => front.heldCount === 1);
  await change();
  front.release();
  return (await (await reading).Body?.transformToString()) ?? '';
}

test('a read that raced a change of its key is asked again', async () => {
  await put('raced', 'first');
  expect(await readHeldWhile('raced', () => put('raced', 'second'))).toBe('second');
  expect(readsOf('raced')).toBe(2);
});

test('a read that raced a change of another key is not', async () => {
  await put('calm', 'first');
  expect(await readHeldWhile('calm', () => put('other', 'second'))).toBe('first');
  expect(readsOf('calm')).toBe(1);
});
