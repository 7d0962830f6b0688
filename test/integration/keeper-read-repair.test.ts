// P3: what the store holds is never answered as absent, whatever became of it in the emulator behind the keeper's back.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKeeper } from '../../src/keeper/index.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { fauxqs } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { waitFor } from '../support/wait-for.ts';

const bucket = 'keeper-repair';
const front = holdable(fauxqs);
let world: KeeperWorld;

beforeAll(async () => {
  world = await createKeeperWorld(front.kind);
  await through('PUT', '');
}, 60_000);
afterAll(() => world?.stop());

const ask = async (endpoint: string, method: string, key: string, body?: string | Uint8Array<ArrayBuffer>) => {
  const answer = await fetch(`${endpoint}/${bucket}${key === '' ? '' : `/${key}`}`, { method, body: body ?? null });
  return `${answer.status} ${await answer.text()}`.trim();
};
const through = (method: string, key: string, body?: string | Uint8Array<ArrayBuffer>) =>
  ask(world.keeper.url, method, key, body);
const behind = (method: string, key: string, body?: string) => ask(world.emulator.url, method, key, body);

test('an object that the emulator lost is there at the first GET, and at the first HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    await through('PUT', 'lost', 'not lost');
    await behind('DELETE', 'lost');
    expect(await through(method, 'lost')).toBe(method === 'GET' ? '200 not lost' : '200');
    expect(await behind('GET', 'lost')).toBe('200 not lost');
  }
});

test('many readers at once get it, and it is put back once', async () => {
  await through('PUT', 'often', 'read');
  await behind('DELETE', 'often');
  const seenBefore = front.seen.length;
  const answers = await Promise.all(Array.from({ length: 20 }, () => through('GET', 'often')));
  expect(new Set(answers)).toEqual(new Set(['200 read']));
  const puts = front.seen.slice(seenBefore).filter((line) => line === `PUT /${bucket}/often`);
  expect(puts).toHaveLength(1);
});

test('the next keeper in the same session puts it back, too', async () => {
  await through('PUT', 'later', 'found');
  await world.keeper.close();
  await behind('DELETE', 'later');
  await world.restartKeeper();
  expect(await through('GET', 'later')).toBe('200 found');
});

test('what was never there, or was deleted, is absent', async () => {
  await through('PUT', 'deleted', 'x');
  await through('DELETE', 'deleted');
  expect(await through('GET', 'never')).toMatch(/^404/);
  expect(await through('GET', 'deleted')).toMatch(/^404/);
});

test('a bucket that the emulator lost comes back with all that was in it', async () => {
  await world.keeper.close();
  const listing = await (await fetch(`${world.emulator.url}/${bucket}?list-type=2`)).text();
  const keys = [...listing.matchAll(/<Key>([^<]+)</g)].map(([, key = '']) => key);
  for (const key of keys) await behind('DELETE', key);
  expect(await behind('DELETE', '')).toBe('204');
  await world.restartKeeper();
  expect(world.keeper.status().restore.startedAt).toBeNull();
  expect(await through('GET', 'later')).toMatch(/^503 .*lost the bucket/s);
  await waitFor('the emulator to be whole again', () => world.keeper.status().restore.finishedAt !== null);
  for (const key of keys) expect(await through('GET', key)).toMatch(/^200/);
});

test('an entry that is damaged in the store and absent in the emulator is an error that names the damage', async () => {
  const bodies = path.join(world.folder, 'store', 'bodies');
  const before = new Set(await readdir(bodies));
  await through('PUT', 'damaged', Buffer.alloc(100_000, 'x'));
  const [file = ''] = (await readdir(bodies)).filter((name) => !before.has(name));
  const bytes = await readFile(path.join(bodies, file));
  bytes[50_000] = 0;
  await writeFile(path.join(bodies, file), bytes);
  await behind('DELETE', 'damaged');
  for (let turn = 0; turn < 2; turn++) expect(await through('GET', 'damaged')).toMatch(/^500 .*checksum/s);
  expect(await through('DELETE', 'damaged')).toBe('204');
  expect(await through('GET', 'damaged')).toMatch(/^404/);
  expect(world.keeper.status().damaged).toEqual([]);
});

test('an object that the emulator brought and can not show is named, and keeps no other away', async () => {
  await behind('PUT', 'seed-good', 'good');
  await behind('PUT', 'seed-bad', 'bad');
  front.fail(/^GET \/keeper-repair\/seed-bad/);
  const keeper = await startKeeper(
    {
      port: 0,
      host: '127.0.0.1',
      upstreamUrl: world.emulator.url,
      folder: path.join(world.folder, 'seeded'),
      retentionMs: 1000,
      retentionBytes: 1000,
    },
    { logger: silentLogger() },
  );
  await keeper.ready();
  const { damaged, counts } = keeper.status();
  expect(damaged).toMatchObject([{ bucket, key: 'seed-bad', reason: expect.stringContaining("it can't be saved") }]);
  expect(counts.objects).toBeGreaterThan(0);
  expect(await ask(keeper.url, 'GET', 'seed-good')).toBe('200 good');
  await keeper.close();
  front.release();
});
