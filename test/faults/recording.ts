// Recordings for power cuts: a load on a disk that is watched, and the comparison of what is left after cuts anywhere in it.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
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
    const load = runLoad({ client, history, seed, clients: 6, turns });
    // A keeper whose fsync failed ends: what its clients were told until then is the history.
    await (fault?.kind === 'failing-fsync' ? load.catch(() => keeper.exit()) : load);
    return { records: [...readJournal(layer.journal)], changes: history.changes, disk };
  } finally {
    client.destroy();
    await keeper.end('SIGKILL');
    await emulator.kill();
    await emulator.start();
  }
}

/** The work of one recorded-writer.ts on the store, and the fault of its disk. */
export interface Writer {
  readonly turns: number;
  readonly fault?: DiskFault;
}

/** Processes that write to a store alone, one after the other. The history is the last one's, of what the others left too. */
export async function recordWriters(place: string, writers: readonly Writer[]): Promise<Recording> {
  const { disk, layer } = await watchedDisk(place);
  let changes: readonly Change[] = [];
  for (const writer of writers) changes = await write(disk, layer, writer);
  return { records: [...readJournal(layer.journal)], changes, disk };
}

/** A start of the store on the disk that `cut` leaves, and what it finds: nothing of that may change any more. */
export async function recordStart({ records }: Recording, cut: Cut, place: string): Promise<Recording> {
  const { disk, layer } = await watchedDisk(place);
  const look = async (folder: string) => cpSync(folder, disk, { recursive: true });
  await cutAt(records, [cut], { place: path.join(place, 'left'), look });
  const found = await write(disk, layer, { turns: 0 });
  const changes = found.map((change) => ({ ...change, beganWith: 0, acknowledgedWith: 0 }));
  return { records: [...readJournal(layer.journal)], changes, disk };
}

// Gives no history of a process that was killed, as it was meant to be.
async function write(disk: string, layer: DiskLayer, { turns, fault }: Writer): Promise<readonly Change[]> {
  layer.heal();
  if (fault) layer.inject(fault);
  const script = path.join(import.meta.dirname, 'recorded-writer.ts');
  const args = [script, storeOn(disk), layer.journal, String(turns)];
  const options = { env: { ...process.env, ...layer.env }, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return JSON.parse(stdout) as readonly Change[];
  } catch (error) {
    const isMeant = fault?.kind === 'killing-fsync' && (error as { signal?: unknown }).signal === 'SIGKILL';
    if (isMeant) return [];
    throw error;
  }
}

/** How often the log was folded into the database. */
export function foldings({ records }: Recording): number {
  const place = records.find((record) => record.kind === 'rename' && record.to.name === 'store.db');
  const inode = place?.kind === 'rename' ? place.inode : 0;
  return records.filter((record) => record.kind === 'sync' && record.inode === inode).length;
}

export async function watchedDisk(place: string): Promise<{ readonly disk: string; readonly layer: DiskLayer }> {
  const disk = path.join(place, 'disk');
  mkdirSync(disk, { recursive: true });
  return { disk, layer: await createDiskLayer({ watched: disk, place: path.join(place, 'layer') }) };
}

/**
 * Places of the journal by seed, in its order, and the place where the history began; of what remains both extremes, and
 * between them what a seed says.
 */
export function chooseCuts({ records, changes }: Recording, count: number, seed: number): readonly Cut[] {
  const random = randomOf(seed, 'cuts');
  const began = changes[0]?.beganWith ?? 0;
  const ready = records.findIndex(({ kind }) => kind === 'ready');
  const first = records.findIndex(({ position }, index) => index >= ready && position >= began);
  const placeOf = (index: number) => records[index]?.position ?? 0;
  const positions = Array.from({ length: count }, () => placeOf(random.integer(first, records.length - 1)));
  return [placeOf(first), ...positions.sort((a, b) => a - b)].map((position, index) => {
    return { position, remains: remainsOf(index) };
  });
}

function remainsOf(index: number): Remains {
  if (index % 8 === 0) return 'nothing';
  return index % 8 === 1 ? 'everything' : index;
}

/** The contradictions of the acknowledgements, with the cut that shows it. Looks no further than the first `enough`. */
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
