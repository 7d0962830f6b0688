// Recordings for power cuts: a load on a disk that is watched, and the comparison of what is left after cuts anywhere in it.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { randomOf } from '../model/random.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { clientFor } from '../support/keeper.ts';
import { type Cut, cutAt, type Remains } from './cut-power.ts';
import { createDiskLayer, type DiskFault, type DiskLayer } from './disk-layer.ts';
import { contradictions } from './held-states.ts';
import { type Change, createHistory } from './history.ts';
import { type JournalRecord, readJournal } from './journal.ts';
import { startKeeperProcess } from './keeper-process.ts';
import { Bucket, runLoad } from './recorded-load.ts';

export interface Recording {
  readonly records: readonly JournalRecord[];
  readonly changes: readonly Change[];
  /** The disk as the processes left it. */
  readonly disk: string;
}

/** Where the store stands on a recorded disk: in folders that it makes itself. */
export const storeOn = (disk: string): string => path.join(disk, 'made/store');

export interface RecordOptions {
  /** Made for this recording alone. */
  readonly place: string;
  readonly turns: number;
  readonly seed: number;
  readonly fault?: DiskFault;
}

/** A keeper under load, killed at its end, with its emulator. */
export async function recordKeeper(emulator: TestEmulator, options: RecordOptions): Promise<Recording> {
  const { place, turns, seed, fault } = options;
  const { disk, layer } = await watchedDisk(place);
  if (fault) layer.inject(fault);
  const keeper = await startKeeperProcess({
    upstreamUrl: emulator.url,
    folder: storeOn(disk),
    logFile: path.join(place, 'log'),
    env: layer.env,
  });
  const client = clientFor(keeper.url);
  try {
    await keeper.ready();
    await client.send(new CreateBucketCommand({ Bucket }));
    const history = createHistory(layer.position);
    await runLoad({ client, history, seed, clients: 6, turns });
    return { records: [...readJournal(layer.journal)], changes: history.changes, disk };
  } finally {
    client.destroy();
    await keeper.end('SIGKILL');
    await emulator.kill();
    await emulator.start();
  }
}

/** A store alone, filled by recorded-writer.ts until its log was folded in more than once. */
export async function recordStore(place: string): Promise<Recording> {
  const { disk, layer } = await watchedDisk(place);
  const script = path.join(import.meta.dirname, 'recorded-writer.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, storeOn(disk), layer.journal], {
    env: { ...process.env, ...layer.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { records: [...readJournal(layer.journal)], changes: JSON.parse(stdout) as readonly Change[], disk };
}

export async function watchedDisk(place: string): Promise<{ readonly disk: string; readonly layer: DiskLayer }> {
  const disk = path.join(place, 'disk');
  mkdirSync(disk, { recursive: true });
  return { disk, layer: await createDiskLayer({ watched: disk, place: path.join(place, 'layer') }) };
}

/** Places of the journal by seed, in its order; both extremes of what remains, and between them what a seed says. */
export function chooseCuts({ records, changes }: Recording, count: number, seed: number): readonly Cut[] {
  const random = randomOf(seed, 'cuts');
  const first = records.findIndex(({ position }) => position >= (changes[0]?.beganWith ?? 0));
  const positions = Array.from(
    { length: count },
    () => records[random.integer(first, records.length - 1)]?.position ?? 0,
  );
  return positions.sort((a, b) => a - b).map((position, index) => ({ position, remains: remainsOf(index) }));
}

function remainsOf(index: number): Remains {
  if (index % 8 === 0) return 'nothing';
  return index % 8 === 1 ? 'everything' : index;
}

/** What contradicts the acknowledgements, with the cut that shows it. Looks no further than the first `enough`. */
export async function contradictionsOf(
  { records, changes }: Recording,
  cuts: readonly Cut[],
  { place, enough = Number.POSITIVE_INFINITY }: { readonly place: string; readonly enough?: number },
): Promise<readonly string[]> {
  const found: string[] = [];
  await cutAt(records, cuts, {
    place,
    async look(disk, { position, remains }) {
      if (found.length >= enough) return;
      const folder = storeOn(disk);
      const wrong = existsSync(folder) ? await contradictions(folder, { changes, position }) : ['the store is gone'];
      found.push(...wrong.map((one) => `cut at ${position} leaving ${remains}: ${one}`));
    },
  });
  return found;
}
