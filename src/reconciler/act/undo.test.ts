// The order of outside effects in undoing each kind of action, and how each state that a crash can leave is settled.
import { expect, test } from 'vitest';
import { aRow, exampleKey, exampleNow } from '../../../test/support/reconciler-examples.ts';
import { type Given, recordSides } from '../../../test/support/recorded-sides.ts';
import type { ActionKind } from '../../shared/report.ts';
import { quarantineKeyOf } from './set-aside.ts';
import { settleOpenActions } from './settle.ts';
import { undoAction } from './undo.ts';

const id = '01a20b38-7128-7096-929f-feae8ca21bc9';
const aside = quarantineKeyOf(id, exampleKey);
const takenBack = `${quarantineKeyOf(id, '')}/taken-back`;
const sha256OfBytes = '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9'; // printf bytes | sha256sum
const row = aRow({ sha256: sha256OfBytes });

interface Entry {
  readonly state?: string;
  readonly expires_at?: Date;
  readonly undo?: object;
}

const entryOf = (action: ActionKind, fields: Entry = {}) => ({
  id,
  run_id: id,
  action,
  key: exampleKey,
  state: 'done',
  undo: {},
  error: null,
  started_at: exampleNow,
  expires_at: new Date(exampleNow.getTime() + 1),
  ...fields,
});

function sidesWith(given: Given) {
  const sides = recordSides(given);
  return { sides, deps: { pool: sides.pool, bucket: sides.bucket, clock: () => exampleNow } };
}

const read = `read ${exampleKey}`;
const copyBack = [`copy ${aside}`, `read ${aside}`, read];

test.each<[string, Given, readonly string[]]>([
  [
    'a quarantine',
    { entry: entryOf('quarantine', { undo: { quarantineKey: aside } }), objects: { [aside]: 'bytes' } },
    [read, ...copyBack, 'journal undone', 'commit', `remove ${aside}`],
  ],
  [
    'a quarantine whose bytes are back already',
    {
      entry: entryOf('quarantine', { undo: { quarantineKey: aside } }),
      objects: { [aside]: 'bytes', [exampleKey]: 'bytes' },
    },
    [read, `read ${aside}`, 'journal undone', 'commit', `remove ${aside}`],
  ],
  [
    'a discarded upload',
    {
      entry: entryOf('discard-pending', { undo: { quarantineKey: aside, rowBefore: row } }),
      objects: { [aside]: 'bytes' },
    },
    [read, ...copyBack, 'row inserted', 'journal undone', 'commit', `remove ${aside}`],
  ],
  [
    'a deleted row',
    { entry: entryOf('delete', { undo: { rowBefore: row } }) },
    ['row inserted', 'journal undone', 'commit'],
  ],
  [
    'an adopted object',
    { entry: entryOf('adopt', { undo: { rowAfter: row } }) },
    ['row deleted', 'journal undone', 'commit'],
  ],
  [
    'a corrected row',
    { entry: entryOf('correct-row', { undo: { rowBefore: row, rowAfter: row } }) },
    ['row changed', 'journal undone', 'commit'],
  ],
  [
    'a finished upload',
    { entry: entryOf('finish-upload', { undo: { rowBefore: row, rowAfter: row } }) },
    ['row changed', 'journal undone', 'commit'],
  ],
  [
    'a restore over other bytes: the restored ones are set aside first',
    {
      entry: entryOf('restore', { undo: { quarantineKey: aside } }),
      row,
      objects: { [aside]: 'other', [exampleKey]: 'bytes' },
    },
    [
      `head ${exampleKey}`,
      read,
      `read ${aside}`,
      `copy ${exampleKey}`,
      read,
      `read ${takenBack}`,
      `head ${exampleKey}`,
      `remove ${exampleKey}`,
      `read ${takenBack}`,
      ...copyBack,
      'journal undone',
      'commit',
      `remove ${aside}`,
    ],
  ],
])('undoes %s: bytes, then rows and journal, then the spare copy', async (_name, given, order) => {
  const { sides, deps } = sidesWith(given);
  expect(await undoAction(deps, id)).toMatchObject({ id, key: exampleKey, state: 'undone' });
  expect(sides.effects).toEqual(order);
});

test.each<[string, Given]>([
  ['an action that is undone already', { entry: entryOf('quarantine', { state: 'undone' }) }],
  ['an action that is still open', { entry: entryOf('quarantine', { state: 'started' }) }],
  ['an action whose time is over', { entry: entryOf('quarantine', { expires_at: exampleNow }) }],
  [
    'a quarantine whose key has another object',
    {
      entry: entryOf('quarantine', { undo: { quarantineKey: aside } }),
      objects: { [aside]: 'bytes', [exampleKey]: 'other' },
    },
  ],
  ['a restore whose row is gone', { entry: entryOf('restore'), objects: { [exampleKey]: 'bytes' } }],
  ['a deleted row whose id is taken', { entry: entryOf('delete', { undo: { rowBefore: row } }), isRowTaken: true }],
])('does not undo %s, and changes nothing', async (_name, given) => {
  const { sides, deps } = sidesWith(given);
  const before = new Map(sides.objects);
  await expect(undoAction(deps, id)).rejects.toMatchObject({ code: 'ActionNotUndoable' });
  expect(sides.objects).toEqual(before);
  expect(sides.effects.filter((name) => name.startsWith('journal') || name === 'commit')).toEqual([]);
});

const moved = { undo: { quarantineKey: aside, rowBefore: row }, state: 'started' };
const replaced = { undo: { quarantineKey: aside }, state: 'started' };

/** The objects under the key and aside → how the journal ends, and the objects there then. */
test.each<[string, ActionKind, Entry, Given, string, Readonly<Record<string, string>>]>([
  ['a move before its copy', 'quarantine', moved, { objects: { [exampleKey]: 'b' } }, 'failed', { [exampleKey]: 'b' }],
  [
    'a move after its copy',
    'quarantine',
    moved,
    { objects: { [exampleKey]: 'b', [aside]: 'b' } },
    'failed',
    { [exampleKey]: 'b' },
  ],
  ['a move after its removal', 'discard-pending', moved, { objects: { [aside]: 'b' } }, 'done', { [aside]: 'b' }],
  [
    'a move under whose key other bytes stand by now',
    'quarantine',
    moved,
    { objects: { [exampleKey]: 'new', [aside]: 'b' } },
    'undone',
    { [exampleKey]: 'new', [aside]: 'b' },
  ],
  ['a change of a row alone', 'adopt', { state: 'started' }, {}, 'failed', {}],
  [
    'a restore that came far enough',
    'restore',
    replaced,
    { row, objects: { [exampleKey]: 'bytes', [aside]: 'other' } },
    'done',
    { [exampleKey]: 'bytes', [aside]: 'other' },
  ],
  [
    'a restore before its first change',
    'restore',
    replaced,
    { row, objects: { [exampleKey]: 'other', [aside]: 'other' } },
    'failed',
    { [exampleKey]: 'other' },
  ],
  ['a restore that put nothing back', 'restore', { state: 'started' }, { row }, 'failed', {}],
  [
    'a restore of wrong bytes',
    'restore',
    replaced,
    { row, objects: { [exampleKey]: 'wrong', [aside]: 'other' } },
    'undone',
    { [exampleKey]: 'other', [aside]: 'other', [takenBack]: 'wrong' },
  ],
])('settles %s: no bytes are lost', async (_name, action, fields, given, state, objects) => {
  const { sides, deps } = sidesWith({ ...given, entry: entryOf(action, fields) });
  expect(await settleOpenActions(deps)).toEqual([]);
  expect(sides.effects.filter((name) => name.startsWith('journal'))).toEqual([`journal ${state}`]);
  expect(sides.effects.at(-1)).toBe(`journal ${state}`);
  expect(Object.fromEntries(sides.objects)).toEqual(objects);
});

test.each<[string, ActionKind, Entry, Given]>([
  ['a move whose copy and original are both out of sight', 'discard-pending', moved, {}],
  ['a restore whose copy and original are both out of sight', 'restore', replaced, { row }],
])('settles nothing that it can not prove: %s stays open', async (_name, action, fields, given) => {
  const { sides, deps } = sidesWith({ ...given, entry: entryOf(action, fields) });
  expect((await settleOpenActions(deps)).map((entry) => entry.undo.quarantineKey)).toEqual([aside]);
  expect(sides.effects.filter((name) => /^(journal|remove)/.test(name))).toEqual([]);
});

test.each<[string, ActionKind, Entry, Given]>([
  ['a move', 'quarantine', moved, { objects: { [exampleKey]: 'b' } }],
  ['a restore', 'restore', replaced, { row, objects: { [exampleKey]: 'other' } }],
])('%s whose copy is out of sight keeps its address in the journal', async (_name, action, fields, given) => {
  const { sides, deps } = sidesWith({ ...given, entry: entryOf(action, fields) });
  await settleOpenActions(deps);
  expect(sides.note()).toMatchObject({ quarantineKey: aside });
  expect(sides.effects.filter((name) => name.startsWith('remove'))).toEqual([]);
});
