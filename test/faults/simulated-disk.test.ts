// The states that a power cut may leave of a folder, by hand-made journals: the judge has to be right before anyone is
// judged.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { JournalRecord } from './journal.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { allSurvive, type Survivors } from './simulated-file.ts';

const none: Survivors = () => 0;
let place: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(os.tmpdir(), 'keepsake-cut-'));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
});

type Step = JournalRecord extends infer One ? (One extends JournalRecord ? Omit<One, 'position'> : never) : never;

const text = (bytes: string) => Buffer.from(bytes);
const top = 1;
const file = 2;
/** A folder that is empty, and then what `steps` do, at the places 10, 11, … of the journal. */
function diskOf(...steps: readonly Step[]): SimulatedDisk {
  const disk = new SimulatedDisk(none);
  const began: Step[] = [{ kind: 'folder', inode: top, parent: 0, name: '' }, { kind: 'ready' }];
  for (const [index, step] of began.entries()) disk.apply({ position: index, ...step });
  for (const [index, step] of steps.entries()) disk.apply({ position: 10 + index, ...step });
  return disk;
}

const create: Step = { kind: 'create', inode: file, parent: top, name: 'file' };
const write = (bytes: string, offset = 0): Step => ({ kind: 'write', inode: file, offset, bytes: text(bytes) });
const sync = (inode: number, since = 1000): Step => ({ kind: 'sync', inode, since });
const saved: readonly Step[] = [create, write('saved'), sync(file), sync(top)];

function leftOf(disk: SimulatedDisk, survivors: Survivors): Readonly<Record<string, string>> {
  rmSync(place, { recursive: true });
  disk.cut(place, survivors);
  return Object.fromEntries(readdirSync(place).map((name) => [name, readFileSync(path.join(place, name), 'utf8')]));
}

test.each<[string, readonly Step[], Record<string, string>, Record<string, string>]>([
  ['what was synced, name and bytes, is there', saved, { file: 'saved' }, { file: 'saved' }],
  ['a file whose folder was not synced may be gone', [create, write('x'), sync(file)], {}, { file: 'x' }],
  ['a file that was not synced may be empty', [create, write('x'), sync(top)], { file: '' }, { file: 'x' }],
  ['an overwritten byte may be as before', [...saved, write('S')], { file: 'saved' }, { file: 'Saved' }],
  [
    'a shrunk file may be whole',
    [...saved, { kind: 'truncate', inode: file, size: 2 }],
    { file: 'saved' },
    { file: 'sa' },
  ],
  ['a removed file may be there', [...saved, { kind: 'unlink', parent: top, name: 'file' }], { file: 'saved' }, {}],
  [
    'a rename may not have happened',
    [...saved, { kind: 'rename', inode: file, from: { parent: top, name: 'file' }, to: { parent: top, name: 'new' } }],
    { file: 'saved' },
    { new: 'saved' },
  ],
  [
    'an fsync covers nothing that came after it began',
    [...saved, write('S'), write('A', 1), sync(file, 14)],
    { file: 'Saved' },
    { file: 'SAved' },
  ],
  [
    'what a failed fsync dropped stays lost, whatever is synced later',
    [...saved, write('S'), { kind: 'sync-failed', inode: file, since: 1000 }, write('D', 4), sync(file)],
    { file: 'saveD' },
    { file: 'saveD' },
  ],
  [
    'a number that is used again is another file',
    [...saved, { kind: 'unlink', parent: top, name: 'file' }, { ...create, name: 'other' }, write('new'), sync(file)],
    { file: 'saved' },
    { other: 'new' },
  ],
])('%s', (_what, steps, atWorst, atBest) => {
  expect(leftOf(diskOf(...steps), none)).toEqual(atWorst);
  expect(leftOf(diskOf(...steps), allSurvive)).toEqual(atBest);
});

test('of a rename either half may be left alone', () => {
  const disk = diskOf(...saved, {
    kind: 'rename',
    inode: file,
    from: { parent: top, name: 'file' },
    to: { parent: top, name: 'new' },
  });
  const outcomes = [
    [0, 1],
    [1, 0],
  ].map((chosen) => leftOf(disk, () => chosen.shift() ?? 0));
  expect(outcomes).toEqual([{ file: 'saved', new: 'saved' }, {}].reverse());
});

test('each sector is as it was at some moment since the last fsync', () => {
  const disk = diskOf(
    create,
    write('-'.repeat(1536)),
    sync(file),
    sync(top),
    write('a'.repeat(1536)),
    write('b'.repeat(1024)),
  );
  const chosen = [2, 0, 1, 2]; // of the three sectors, and of the sizes
  const left = leftOf(disk, () => chosen.shift() ?? 0).file;
  expect(left).toBe('b'.repeat(512) + '-'.repeat(512) + 'a'.repeat(512));
});

test('a second process goes on with what the first left unsynced', () => {
  const disk = diskOf(create, write('unsynced'), sync(top));
  const scan: readonly JournalRecord[] = [
    { position: 20, kind: 'folder', inode: top, parent: 0, name: '' },
    { position: 21, kind: 'held', inode: file, parent: top, name: 'file', bytes: text('unsynced, and not noted') },
    { position: 22, kind: 'held', inode: 7, parent: top, name: 'unnoted', bytes: text('neither') },
    { position: 23, kind: 'ready' },
  ];
  for (const record of scan) disk.apply(record);
  expect(leftOf(disk, none)).toEqual({ file: '' });
  expect(leftOf(disk, allSurvive)).toEqual({ file: 'unsynced, and not noted', unnoted: 'neither' });
});
