// A power cut: everything that was not fsynced is gone, or some of it. A load is recorded below a real process and cut at
// many places of its journal; at each the store is opened and compared with what had been acknowledged. P1.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs, type TestEmulator } from '../support/emulator.ts';
import { describeWith } from '../support/requirements.ts';
import { chooseCuts, contradictionsOf, foldings, recordKeeper, recordStart, recordWriters } from './recording.ts';

/** How many places each journal is cut at: POWER_CUTS=2000 for an evening, with another POWER_CUT_SEED each time. */
const cuts = Number(process.env.POWER_CUTS ?? 16);
const seed = Number(process.env.POWER_CUT_SEED ?? 1);
const timeout = 60_000 + cuts * 2_000;

describeWith(['cc'], 'a power cut', () => {
  let top: string;
  let emulator: TestEmulator;
  beforeAll(async () => {
    top = await realpath(await mkdtemp(path.join(os.tmpdir(), 'keepsake-power-')));
    emulator = await fauxqs.create(top);
    await emulator.start();
  });
  afterAll(async () => {
    await emulator?.kill();
    await rm(top, { recursive: true, force: true });
  });

  test('anywhere in the load of a keeper loses, tears and resurrects nothing', { timeout }, async () => {
    const place = path.join(top, 'keeper');
    const recording = await recordKeeper(emulator, { place, seed, turns: 50 });
    expect(recording.changes.filter(({ acknowledgedAt }) => acknowledgedAt).length).toBeGreaterThan(300);
    const chosen = chooseCuts(recording, cuts, seed);
    expect(await contradictionsOf(recording, chosen, { place: path.join(place, 'cuts') })).toEqual([]);
  });

  test('while the log is folded in and old versions are dropped loses nothing', { timeout }, async () => {
    const place = path.join(top, 'folding');
    const recording = await recordWriters(place, [{ turns: 300 }]);
    expect(foldings(recording)).toBeGreaterThan(2);
    const chosen = chooseCuts(recording, cuts / 2, seed);
    expect(await contradictionsOf(recording, chosen, { place: path.join(place, 'cuts') })).toEqual([]);
  });

  test('during the start after a power cut changes nothing more', { timeout }, async () => {
    const place = path.join(top, 'again');
    const recording = await recordWriters(path.join(place, 'first'), [{ turns: 20 }]);
    for (const cut of chooseCuts(recording, 1, seed)) {
      const again = await recordStart(recording, cut, path.join(place, `at-${cut.position}`));
      const chosen = chooseCuts(again, cuts / 4, seed);
      expect(await contradictionsOf(again, chosen, { place: path.join(place, 'cuts') })).toEqual([]);
    }
  });

  // A process that is killed leaves in memory what it had not synced yet, and the next one sees it.
  test.each([
    ['that made the folder', '*/made', 0],
    ['that made the folder of bodies', '*/made/store', 1],
    ['that was putting the new database in its place', '*/made/store', 2],
    ['that was committing', '*-wal', 20],
    ['that was publishing a body', '*/bodies', 3],
  ])(
    'after a SIGKILL of a process %s takes back nothing that the next one saw or did',
    { timeout },
    async (what, of, after) => {
      const place = path.join(top, what.replaceAll(' ', '-'));
      const recording = await recordWriters(place, [
        { turns: 30, fault: { kind: 'killing-fsync', of, after } },
        { turns: 3 },
      ]);
      const chosen = chooseCuts(recording, cuts / 8, seed);
      expect(await contradictionsOf(recording, chosen, { place: path.join(place, 'cuts') })).toEqual([]);
    },
  );

  test.each([
    ["the database's log", '*-wal'],
    ['the folder of bodies', '*/bodies'],
  ])(
    'after a failed fsync of %s, which dropped what it should have saved, loses nothing',
    { timeout },
    async (what, of) => {
      const place = path.join(top, what.replaceAll(/\W/g, '-'));
      const fault = { kind: 'failing-fsync', of, after: 20, times: 1 } as const;
      const recording = await recordKeeper(emulator, { place, seed, turns: 60, fault });
      expect(recording.records.some(({ kind }) => kind === 'sync-failed')).toBe(true);
      const chosen = chooseCuts(recording, cuts / 4, seed);
      expect(await contradictionsOf(recording, chosen, { place: path.join(place, 'cuts') })).toEqual([]);
    },
  );

  // Proof that the tests above can fail: a keeper that left out one fsync would fail them.
  test.each([
    ['of the bytes of a body', '*/incoming/*'],
    ['of the folder of bodies', '*/bodies'],
    ["of the database's log", '*-wal'],
    ['of the folder that holds the store', '*/made'],
  ])('finds an fsync that is left out: %s', { timeout }, async (_what, of) => {
    const place = path.join(top, of.replaceAll(/\W/g, ''));
    const fault = { kind: 'ignored-fsync', of } as const;
    const recording = await recordKeeper(emulator, { place, seed, turns: 12, fault });
    const chosen = chooseCuts(recording, 40, seed);
    const found = await contradictionsOf(recording, chosen, { place: path.join(place, 'cuts'), enough: 1 });
    expect(found).not.toEqual([]);
  });
});
