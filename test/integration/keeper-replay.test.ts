// Reads answered from the store with the emulator's own head: the same answers, never an older state, and the emulator's
// when the store can't (P1, P2). An object that is changed behind the keeper's back tells which of the two answered.
import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs } from '../support/emulator.ts';
import { clientFor, createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';

const Bucket = 'keeper-replay';
let world: KeeperWorld;
let behind: S3Client;
beforeAll(async () => {
  world = await createKeeperWorld(fauxqs);
  behind = clientFor(world.emulator.url);
  await world.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  behind?.destroy();
  await world?.stop();
});

const put = (client: S3Client, Key: string, Body: Buffer | string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'image/png', Metadata: { by: 'test' } }));

async function get(url: string, key: string, init: RequestInit = {}) {
  const { status, headers, ...response } = await fetch(`${url}/${Bucket}/${key}`, init).then(async (answer) => ({
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  }));
  const { date, 'x-amz-request-id': requestId, ...steady } = headers;
  return { status, headers: steady, requestId, hasDate: date !== undefined, ...response };
}

/** Reads until the head is kept, changes the bytes behind the keeper's back, and reads again. */
async function readAgain(key: string, init: RequestInit = {}) {
  const first = await get(world.keeper.url, key, init);
  await put(behind, key, 'changed behind the back');
  return { first, again: await get(world.keeper.url, key, init) };
}

for (const [name, sizeBytes] of [
  ['small', 3_000],
  ['large', 700_000],
] as const) {
  test(`a ${name} object is answered from the store as the emulator answered it`, async () => {
    await put(world.client, name, randomBytes(sizeBytes));
    const { first, again } = await readAgain(name);
    expect(first.headers['content-length']).toBe(String(sizeBytes));
    expect({ ...again, requestId: first.requestId }).toEqual(first);
    expect(again.requestId).not.toBe(first.requestId);
  });
  test(`a range of a ${name} object, too`, async () => {
    const key = `${name}-range`;
    await put(world.client, key, randomBytes(sizeBytes));
    const { first, again } = await readAgain(key, { headers: { range: 'bytes=1000-2499' } });
    expect([first.status, first.body.length]).toEqual([206, 1500]);
    expect({ ...again, requestId: first.requestId }).toEqual(first);
  });
}

test('a HEAD is answered without bytes', async () => {
  await put(world.client, 'head', 'five!');
  const { first, again } = await readAgain('head', { method: 'HEAD' });
  expect({ ...again, requestId: first.requestId }).toEqual(first);
  expect([again.headers['content-length'], again.body.length]).toEqual(['5', 0]);
});

test('an empty object is answered', async () => {
  await put(world.client, 'empty', '');
  const { first, again } = await readAgain('empty');
  expect({ ...again, requestId: first.requestId }).toEqual(first);
});

test('a request with a condition is the emulator’s to answer', async () => {
  await put(world.client, 'condition', 'before');
  await get(world.keeper.url, 'condition');
  const { headers } = await get(world.keeper.url, 'condition');
  const again = await get(world.keeper.url, 'condition', { headers: { 'if-none-match': String(headers.etag) } });
  expect(again.status).toBe(304);
});

test('in a new session the first answer is the emulator’s', async () => {
  await put(world.client, 'session', 'kept');
  const { again } = await readAgain('session');
  expect(again.body.toString()).toBe('kept');
  await world.restartEmulator();
  await put(behind, 'session', 'changed behind the back');
  expect((await get(world.keeper.url, 'session')).body.toString()).toBe('changed behind the back');
});

test('bytes that the store can not give are the emulator’s, and are not asked of the store again', async () => {
  const bytes = randomBytes(700_000);
  await put(world.client, 'lost', bytes);
  const bodies = path.join(world.folder, 'store', 'bodies');
  const files = await readdir(bodies);
  expect((await get(world.keeper.url, 'lost')).body.equals(bytes)).toBe(true);
  for (const file of files) await rm(path.join(bodies, file));
  for (let i = 0; i < 2; i++) expect((await get(world.keeper.url, 'lost')).body.equals(bytes)).toBe(true);
});

test('bytes that are found damaged midway break the connection: what is short never looks whole', async () => {
  const bytes = randomBytes(2_000_000);
  const bodies = path.join(world.folder, 'store', 'bodies');
  const before = new Set(await readdir(bodies));
  await put(world.client, 'torn', bytes);
  await get(world.keeper.url, 'torn');
  const file = (await readdir(bodies)).find((name) => !before.has(name)) ?? '';
  await writeFile(path.join(bodies, file), Buffer.concat([bytes.subarray(0, 1_000_000), Buffer.alloc(1_000_000)]));
  await expect(get(world.keeper.url, 'torn')).rejects.toThrow();
  expect((await get(world.keeper.url, 'torn')).body.equals(bytes)).toBe(true);
});

// One writer a key counts up. A reader must see the last count acknowledged before it began, or a later one. It never
// sees an earlier one than another read that had ended, and never one that was not sent.
test('readers among writers see every acknowledged write at once, and no older one after a newer', async () => {
  const keys = ['hot-1', 'hot-2'];
  const rounds = 60;
  const states = keys.map((key) => ({ key, acked: -1, sent: -1, seen: -1, isOver: false }));
  const write = async (state: (typeof states)[number]): Promise<void> => {
    for (let count = 0; count < rounds; count++) {
      state.sent = count;
      if (count % 10 === 9) await world.client.send(new DeleteObjectCommand({ Bucket, Key: state.key }));
      else await put(world.client, state.key, `${count} ${'x'.repeat(count % 3 === 0 ? 90_000 : 10)}`);
      state.acked = count;
      // A key that rests for some reads is one whose head is used.
      for (let i = 0; i < count % 4; i++) await get(world.keeper.url, state.key);
    }
    state.isOver = true;
  };
  const read = async (state: (typeof states)[number]): Promise<void> => {
    while (!state.isOver) {
      const least = Math.max(state.acked, state.seen);
      const { status, body } = await get(world.keeper.url, state.key);
      const most = state.sent;
      const isAbsent = status === 404;
      const found = isAbsent ? undefined : Number.parseInt(body.toString(), 10);
      const possible = Array.from({ length: most - least + 1 }, (_, i) => least + i);
      const isDeleted = (count: number) => count < 0 || count % 10 === 9;
      expect(possible.some((count) => (isAbsent ? isDeleted(count) : count === found && !isDeleted(count)))).toBe(true);
      if (found !== undefined) state.seen = Math.max(state.seen, found);
    }
  };
  await Promise.all(states.flatMap((state) => [write(state), ...Array.from({ length: 4 }, () => read(state))]));
  expect(states.map(({ acked }) => acked)).toEqual([rounds - 1, rounds - 1]);
});
