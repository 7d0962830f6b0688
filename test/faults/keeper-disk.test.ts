// A disk that fails below a running keeper, by name: full, read-only, an fsync that fails. A refused request says so, reads
// go on, and every acknowledged change is there. P1.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EmulatorKind, fauxqs } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';
import { createDiskLayer, type DiskFault, type DiskLayer } from './disk-layer.ts';
import { createFaultyWorld, type FaultyWorld, startWriters, type Writers } from './faulty-world.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'keepsake-bad-disk-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function worldOn(disk: string, env: NodeJS.ProcessEnv = {}, kind: EmulatorKind = fauxqs): Promise<FaultyWorld> {
  const world = await createFaultyWorld({ kind, disk, env });
  onTestFinished(() => world.stop());
  return world;
}

const someWrites = (writers: Writers) => {
  const before = writers.acknowledged();
  return waitFor('some writes', () => writers.acknowledged() >= before + 30);
};

describeWith(['cc'], 'a bad disk below the keeper', () => {
  async function worldWithLayer(kind = fauxqs): Promise<{ readonly world: FaultyWorld; readonly layer: DiskLayer }> {
    const top = await temporaryFolder();
    const disk = path.join(top, 'disk');
    mkdirSync(disk);
    const layer = await createDiskLayer({ watched: disk, place: path.join(top, 'layer') });
    return { world: await worldOn(disk, layer.env, kind), layer };
  }

  test.each<[string, DiskFault, readonly string[]]>([
    ['full', { kind: 'full', roomBytes: 300_000 }, ['507 InsufficientStorage']],
    ['read-only', { kind: 'read-only' }, ['500 InternalError']],
  ])('%s: writes are refused, reads go on; writes go on when it is mended', async (what, fault, refusals) => {
    const { world, layer } = await worldWithLayer();
    await world.put('before', 'was there');
    const writers = startWriters(world, what);
    await someWrites(writers);
    layer.inject(fault);
    await waitFor('a refusal', () => writers.refusals().size > 0);
    expect(await world.get('before')).toBe('200 was there');
    layer.heal();
    await someWrites(writers);
    await writers.end();
    expect([...writers.refusals()]).toEqual(refusals);
    expect(await writers.wrong()).toEqual([]);
    await startOnNewEmulator(world);
    expect(await writers.wrong()).toEqual([]);
  });

  test.each([
    ["the database's log", '*-wal'],
    ['the folder of bodies', '*/bodies'],
  ])(
    'an fsync of %s fails: nothing more is acknowledged, the keeper ends and says why; a new start has all',
    async (_what, of) => {
      const { world, layer } = await worldWithLayer();
      const writers = startWriters(world, 'unsynced');
      await someWrites(writers);
      layer.inject({ kind: 'failing-fsync', of, times: 1 });
      const refused = await waitFor('a refusal', () => [...writers.refusals()][0]);
      expect(refused).toBe('500 InternalError');
      const acknowledged = writers.acknowledged();
      // Either it is asked before it ends, or it has ended.
      const health = await fetch(`${world.keeper.url}/_keeper/livez`).then(
        (answer) => answer.status,
        () => 'ended',
      );
      expect([503, 'ended']).toContain(health);
      expect(await world.keeper.exit()).toBe(2);
      expect(world.keeper.log()).toContain('failed to save what was written');
      expect(writers.acknowledged()).toBe(acknowledged);
      await writers.end();
      await startOnNewEmulator(world);
      expect(await writers.wrong()).toEqual([]);
    },
  );

  test('full: no listing shows a write that was refused, and is being undone', async () => {
    const front = holdable(fauxqs);
    const { world, layer } = await worldWithLayer(front.kind);
    await world.put('before', 'was there');
    layer.inject({ kind: 'full', roomBytes: 8_000 }); // for its intent, not for it
    front.hold(/^DELETE/); // by which it is undone
    expect((await world.put('refused', 'x'.repeat(20_000))).status).toBe(507);
    await waitFor('the undoing', () => front.heldCount === 1);
    const listing = world.get('?list-type=2');
    await waitFor('the listing to be asked for', () => front.seen.some((line) => line.includes('list-type=2')));
    front.release();
    expect([...(await listing).matchAll(/<Key>([^<]*)</g)].map(([, key]) => key)).toEqual(['before']);
  });

  test('a write whose fsync failed, and whose keeper was killed then, stays as it was first seen', async () => {
    const { world, layer } = await worldWithLayer();
    await world.put('unsynced', 'before');
    layer.inject({ kind: 'failing-fsync', of: '*-wal', times: 1 });
    expect((await world.put('unsynced', 'after')).status).toBe(500);
    // The next start may count the part of it that the log holds, so nobody can tell yet.
    const meanwhile = await world.get('unsynced').catch(() => 'cut off');
    await world.keeper.end('SIGKILL');
    await (await world.startKeeper()).ready(); // before the same emulator
    const seen = await world.get('unsynced');
    await startOnNewEmulator(world);
    expect(await world.get('unsynced')).toBe(seen);
    if (meanwhile.startsWith('200')) expect(seen).toBe(meanwhile);
  });

  test('an fsync of one body fails: that one is refused, the others go on', async () => {
    const { world, layer } = await worldWithLayer();
    const writers = startWriters(world, 'one-body');
    await someWrites(writers);
    layer.inject({ kind: 'failing-fsync', of: '*/incoming/*', times: 1 });
    await waitFor('a refusal', () => writers.refusals().size > 0);
    await someWrites(writers);
    await writers.end();
    expect([...writers.refusals()]).toEqual(['500 InternalError']);
    await startOnNewEmulator(world);
    expect(await writers.wrong()).toEqual([]);
  });

  test('each write takes half: everything is kept whole', async () => {
    const { world, layer } = await worldWithLayer();
    const writers = startWriters(world, 'halves');
    layer.inject({ kind: 'short-writes' });
    await someWrites(writers);
    await writers.end();
    expect([...writers.refusals()]).toEqual([]);
    await startOnNewEmulator(world);
    expect(await writers.wrong()).toEqual([]);
  });
});

describeWith(['mount'], 'a real disk of 16 MiB below the keeper', () => {
  test('full: writes are refused with 507, reads go on; writes go on when there is room', async () => {
    const disk = await temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['-l', disk]));
    const filler = path.join(disk, 'filler');
    const world = await worldOn(disk);
    await world.put('before', 'was there');
    execFileSync('sh', ['-c', 'head -c 16m /dev/zero > "$1" || true', 'sh', filler], { stdio: 'ignore' });
    const writers = startWriters(world, 'small');
    await waitFor('a refusal', () => writers.refusals().size > 0);
    expect(await world.get('before')).toBe('200 was there');
    rmSync(filler);
    await someWrites(writers);
    await writers.end();
    expect([...writers.refusals()]).toEqual(['507 InsufficientStorage']);
    await startOnNewEmulator(world);
    expect(await writers.wrong()).toEqual([]);
  });
});

/** Leaves only what the store has: kills the keeper and the emulator, and fills a new emulator. */
async function startOnNewEmulator(world: FaultyWorld): Promise<void> {
  await world.keeper.end('SIGKILL');
  await world.emulator.kill();
  await world.emulator.start();
  await world.startKeeper({});
  await world.keeper.ready();
  await waitFor('all to be put back', async () => (await world.keeper.status()).state === 'ready');
}
