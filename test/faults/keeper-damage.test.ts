// Damage to the files of a keeper, by name, found by the next start. Either the damaged entry is named in the status and in
// the log, and all else is served. Or the start is refused with the remedy, and the folder is left as it is. Never a wrong
// byte, never an empty store in the place of a lost one.
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf } from '../../src/keeper/store/store-bytes.ts';
import { randomOf } from '../model/random.ts';
import { fauxqs } from '../support/emulator.ts';
import { md5 } from '../support/keeper.ts';
import { createFaultyWorld, type FaultyWorld } from './faulty-world.ts';

const small = Array.from({ length: 40 }, (_, i) => ({ key: `small/${i}`, bytes: bytesOf(500 + i * 40, i) }));
const large = Array.from({ length: 4 }, (_, i) => ({ key: `large/${i}`, bytes: bytesOf(300_000 + i, 100 + i) }));
const objects = [...small, ...large];

describe('damage to the folder of the keeper', () => {
  let world: FaultyWorld;
  /** As a SIGKILL left it, with its log. */
  let killed: string;
  /** As an orderly end left it. */
  let ended: string;
  beforeAll(async () => {
    world = await createFaultyWorld({ kind: fauxqs });
    [killed, ended] = [path.join(world.disk, 'killed'), path.join(world.disk, 'ended')];
    for (const { key, bytes } of objects) expect((await world.put(key, bytes)).status).toBe(200);
    await world.keeper.end('SIGKILL');
    cpSync(world.store, killed, { recursive: true });
    await world.startKeeper();
    await world.keeper.ready();
    await world.keeper.end('SIGTERM');
    cpSync(world.store, ended, { recursive: true });
  }, 60_000);
  afterAll(() => world?.stop());

  /** A start on a copy of `folder`, hurt by `hurt`, before a new emulator. */
  async function startOn(folder: string, hurt: (store: string) => void): Promise<void> {
    rmSync(world.store, { recursive: true });
    cpSync(folder, world.store, { recursive: true });
    hurt(world.store);
    await world.emulator.kill();
    await world.emulator.start();
    await world.startKeeper();
  }

  /** Which keys are served; each with its own bytes. */
  async function served(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { key, bytes } of objects) {
      const answer = await fetch(`${world.keeper.url}/faults/${key}`);
      const body = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 200) continue;
      expect([key, md5(body)]).toEqual([key, md5(bytes)]);
      found.push(key);
    }
    return found;
  }

  test.each<[string, 'killed' | 'ended', (store: string) => void, RegExp, number]>([
    [
      'a bit of an object in store.db',
      'ended',
      (store) => flip(path.join(store, 'store.db'), small[7]?.bytes),
      /checksum/,
      1,
    ],
    ['a bit of a body file', 'ended', (store) => flipMiddle(bodyFile(store)), /checksum/, 1],
    ['a body file cut short', 'ended', (store) => truncateSync(bodyFile(store), 1000), /cut short/, 1],
    [
      'a bit of the log of store.db',
      'killed',
      (store) => flipMiddle(path.join(store, 'store.db-wal')),
      /lacks the last \d+ commits/,
      43,
    ],
    ['the log of store.db cut short', 'killed', halveLog, /lacks the last \d+ commits/, 43],
  ])('%s: it is named, and all else is served', async (_what, from, hurt, reason, mostLost) => {
    await startOn(from === 'killed' ? killed : ended, hurt);
    await world.keeper.ready();
    const found = await served();
    const { damaged } = await world.keeper.status();
    expect(damaged.map((one) => one.reason)).toContainEqual(expect.stringMatching(reason));
    expect(found.length).toBeGreaterThanOrEqual(objects.length - mostLost);
    expect(found.length).toBeLessThan(objects.length);
    expect(world.keeper.log()).toContain('damaged');
    await world.keeper.end('SIGTERM');
  });

  test.each(['flipped', 'cut short'])('the log of intents %s: everything is served', async (how) => {
    await startOn(killed, (store) => {
      const file = path.join(store, 'intents.log');
      if (how === 'flipped') flipMiddle(file);
      else truncateSync(file, Math.floor(statSync(file).size / 2));
    });
    await world.keeper.ready();
    expect(await served()).toHaveLength(objects.length);
    await world.keeper.end('SIGTERM');
  });

  test.each<[string, 'killed' | 'ended', (store: string) => void]>([
    ['cut in half', 'ended', (store) => truncateSync(path.join(store, 'store.db'), 40_960)],
    ['gone', 'ended', (store) => rmSync(path.join(store, 'store.db'))],
    [
      'gone with all bodies',
      'killed',
      (store) => ['store.db', 'store.db-wal'].map((name) => rmSync(path.join(store, name))),
    ],
  ])('store.db %s: the keeper refuses to start, says why, and leaves the folder as it is', async (what, from, hurt) => {
    let before: readonly string[] = [];
    await startOn(from === 'killed' ? killed : ended, (store) => {
      hurt(store);
      if (what === 'gone with all bodies') for (const file of bodyFiles(store)) rmSync(file);
      before = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter(
        (name) => !/^lock|-(wal|shm)$/.test(name),
      );
    });
    expect(await world.keeper.exit()).toBe(2);
    expect(world.keeper.log().trimEnd().split('\n').at(-1)).toMatch(/^✗ .*damaged.*backup/);
    const after = readdirSync(world.store, { recursive: true, encoding: 'utf8' });
    expect(after).toEqual(expect.arrayContaining([...before]));
  });

  test('any bit of store.db: what is not served is named, or the start is refused', async () => {
    const random = randomOf(1, 'flipped bits');
    for (let round = 0; round < 3; round++) {
      await startOn(ended, (store) => flipAt(path.join(store, 'store.db'), random.next()));
      const refused = await Promise.race([
        world.keeper.exit().then(() => true),
        world.keeper.ready().then(() => false),
      ]);
      if (refused) {
        expect(world.keeper.log().trimEnd().split('\n').at(-1)).toMatch(/^✗ .*damaged.*backup/);
        continue;
      }
      const found = await served();
      const { damaged } = await world.keeper.status();
      if (damaged.length === 0) expect(found).toHaveLength(objects.length);
      await world.keeper.end('SIGTERM');
    }
  });
});

function flip(file: string, pattern: Uint8Array = new Uint8Array()): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(pattern.subarray(0, 100));
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(file, bytes);
}

const flipMiddle = (file: string): void => flipAt(file, 0.5);

/** One bit at a share of the file. */
function flipAt(file: string, share: number): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length * share);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(file, bytes);
}

function halveLog(store: string): void {
  const log = path.join(store, 'store.db-wal');
  truncateSync(log, Math.floor(statSync(log).size / 2));
}

const bodyFiles = (store: string): readonly string[] =>
  readdirSync(path.join(store, 'bodies')).map((name) => path.join(store, 'bodies', name));

const bodyFile = (store: string): string => bodyFiles(store)[0] ?? 'none';
