// Power cuts of a folder, from the journal of what was done in it (disk-layer.ts tells how to get one).
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { randomOf } from '../model/random.ts';
import { type JournalRecord, readJournal } from './journal.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { allSurvive, type Survivors } from './simulated-file.ts';

/** The part of the unsynced bytes that a power cut leaves: all, nothing, or what a seed says. */
export type Remains = 'everything' | 'nothing' | number;

export interface Cut {
  readonly position: number;
  readonly remains: Remains;
}

/**
 * Makes `folder`, which was watched, what it is after a power cut now; the journal begins anew. No process
 * may have the folder open.
 */
export function cutPower(journal: string, folder: string, remains: Remains): void {
  const disk = diskAfter(readJournal(journal), remains);
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true });
  disk.cut(folder, survivorsOf(remains));
  for (const name of readdirSync(journal)) rmSync(path.join(journal, name));
}

/**
 * Cuts the power at each of the positions, given in ascending order, and calls `look` with the folder that is left, which
 * is removed afterwards.
 */
export async function cutAt(
  records: Iterable<JournalRecord>,
  cuts: readonly Cut[],
  { place, look }: { readonly place: string; look(folder: string, cut: Cut): Promise<void> },
): Promise<void> {
  const disk = new SimulatedDisk(survivorsOf('nothing'));
  const journal = records[Symbol.iterator]();
  let next = journal.next();
  for (const [index, cut] of cuts.entries()) {
    for (; !next.done && next.value.position <= cut.position; next = journal.next()) disk.apply(next.value);
    const folder = path.join(place, `cut-${index}`);
    mkdirSync(folder, { recursive: true });
    disk.cut(folder, survivorsOf(cut.remains));
    await look(folder, cut);
    rmSync(folder, { recursive: true });
  }
}

function diskAfter(records: Iterable<JournalRecord>, remains: Remains): SimulatedDisk {
  const disk = new SimulatedDisk(survivorsOf(remains));
  for (const record of records) disk.apply(record);
  return disk;
}

// By seed: some cuts leave most, some little, and within each some things all, some nothing, some a part.
function survivorsOf(remains: Remains): Survivors {
  if (remains === 'everything') return allSurvive;
  if (remains === 'nothing') return () => 0;
  const random = randomOf(remains, 'power cut');
  const share = random.next();
  return (changes) => {
    if (random.oneIn(3)) return random.integer(0, changes);
    return random.next() < share ? changes : 0;
  };
}
