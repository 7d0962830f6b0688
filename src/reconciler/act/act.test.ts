// The order of outside effects, for each kind of action: a crash between any two of them must leave what settles.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { anObject, aRow, exampleKey, exampleNow } from '../../../test/support/reconciler-examples.ts';
import { type Given, type RecordedSides, recordSides } from '../../../test/support/recorded-sides.ts';
import { silentLogger } from '../../shared/logger.ts';
import type { PlannedAction } from '../plan/plan.ts';
import { perform, undoableMs } from './act.ts';
import { quarantineKeyOf } from './set-aside.ts';

const id = '01a20b38-7128-7096-929f-feae8ca21bc9';
const aside = quarantineKeyOf(id, exampleKey);
const sha256 = createHash('sha256').update('bytes').digest('hex');
const stored = aRow({ sha256 });
const pending = aRow({ status: 'pending', sizeBytes: null, sha256: null });
const object = anObject({ etag: 'bytes' });
const holding = { objects: { [exampleKey]: 'bytes' } };

type Draft = PlannedAction extends infer A
  ? A extends PlannedAction
    ? Omit<A, 'id' | 'key' | 'reason'>
    : never
  : never;

const actionOf = (draft: Draft): PlannedAction => ({ id, key: exampleKey, reason: 'why', ...draft }) as PlannedAction;
const restore = {
  action: 'restore',
  row: stored,
  object: null,
  sources: [{ kind: 'keeper', versionId: '0' }],
} as const;
const adopt = { action: 'adopt', row: stored, object } as const;
const discard = { action: 'discard-pending', row: pending, object } as const;
const quarantine = { action: 'quarantine', object } as const;
const deleteRow = { action: 'delete', target: { kind: 'row', row: stored } } as const;
const purge = {
  action: 'delete',
  target: { kind: 'quarantined', actionId: id, quarantineKey: 'quarantine/1' },
} as const;

async function performOn(sides: RecordedSides, draft: Draft) {
  const { pool, bucket, keeper } = sides;
  const deps = { pool, bucket, keeper, logger: silentLogger(), clock: () => exampleNow, runId: 'run' };
  return perform(deps, actionOf(draft));
}

const head = `head ${exampleKey}`;
const read = `read ${exampleKey}`;
const copyAside = [`copy ${exampleKey}`, read, `read ${aside}`];
const removeOriginal = [head, `remove ${exampleKey}`];

test.each<[string, Draft, Given, readonly string[]]>([
  [
    'restore to an empty key',
    restore,
    { row: stored, kept: ['bytes'] },
    ['lock', head, 'journal started', `keeper puts back ${exampleKey}`, read, 'journal done', 'commit'],
  ],
  [
    'restore over other bytes',
    { ...restore, object: anObject({ etag: 'other' }) },
    { row: stored, kept: ['bytes'], objects: { [exampleKey]: 'other' } },
    ['lock', head, 'journal started', ...copyAside, `keeper puts back ${exampleKey}`, read, 'journal done', 'commit'],
  ],
  ['adopt', adopt, holding, ['lock', head, 'journal started', 'row inserted', 'journal done', 'commit', head]],
  [
    'finish an upload',
    { action: 'finish-upload', row: stored, object },
    { ...holding, row: pending },
    ['lock', head, 'journal started', 'row changed', 'journal done', 'commit'],
  ],
  [
    'discard an upload with its object',
    discard,
    { ...holding, row: pending },
    [
      'lock',
      head,
      'journal started',
      ...copyAside,
      ...removeOriginal,
      'abort parts',
      'row deleted',
      'journal done',
      'commit',
    ],
  ],
  [
    'discard an upload without an object',
    { ...discard, object: null },
    { row: pending },
    ['lock', head, 'journal started', 'abort parts', 'row deleted', 'journal done', 'commit'],
  ],
  [
    'correct a row',
    { action: 'correct-row', row: stored, object, sizeBytes: 6 },
    { ...holding, row: stored },
    ['lock', head, 'journal started', 'row changed', 'journal done', 'commit'],
  ],
  [
    'quarantine',
    quarantine,
    holding,
    ['lock', head, 'journal started', ...copyAside, ...removeOriginal, 'journal done', 'commit'],
  ],
  [
    'delete a row',
    deleteRow,
    { row: stored },
    ['lock', head, 'journal started', 'row deleted', 'journal done', 'commit'],
  ],
  ['delete quarantined bytes', purge, {}, ['lock', 'remove quarantine/1', 'journal forgets', 'commit']],
])('%s: lock, look again, journal, effects, journal, commit', async (_name, draft, given, order) => {
  const sides = recordSides(given);
  expect(await performOn(sides, draft)).toMatchObject({ state: 'done', reason: 'why' });
  expect(sides.effects).toEqual(order);
});

test.each<[string, Draft, Given]>([
  ['a restore whose row is gone', restore, { kept: ['bytes'] }],
  ['a restore whose row has another SHA-256', restore, { row: aRow({ sha256: 'b' }), kept: ['bytes'] }],
  ['a restore whose row is pending again', restore, { row: { ...stored, status: 'pending' }, kept: ['bytes'] }],
  ['a restore whose object is there again', restore, { ...holding, row: stored }],
  ['adopting what has a row now', adopt, { ...holding, row: stored }],
  ['adopting what is being deleted', adopt, { ...holding, isInOutbox: true }],
  ['adopting an object that changed', adopt, { objects: { [exampleKey]: 'other' } }],
  ['finishing an upload that ended', { action: 'finish-upload', row: stored, object }, { ...holding, row: stored }],
  [
    'finishing an upload whose object changed',
    { action: 'finish-upload', row: stored, object },
    { objects: { [exampleKey]: 'other' }, row: pending },
  ],
  ['discarding an upload that ended', discard, { ...holding, row: stored }],
  [
    'discarding an upload that showed life again',
    discard,
    { ...holding, row: { ...pending, uploadedAt: new Date(pending.uploadedAt.getTime() + 1) } },
  ],
  ['discarding an upload whose object changed', discard, { objects: { [exampleKey]: 'other' }, row: pending }],
  [
    'correcting a row that changed',
    { action: 'correct-row', row: stored, object, sizeBytes: 6 },
    { ...holding, row: aRow({ sha256: 'b' }) },
  ],
  [
    'correcting the row of an object that changed',
    { action: 'correct-row', row: stored, object, sizeBytes: 6 },
    { objects: { [exampleKey]: 'other' }, row: stored },
  ],
  ['quarantining what has a row now', quarantine, { ...holding, row: stored }],
  ['quarantining an object of another size', quarantine, { objects: { [exampleKey]: 'bytes of another size' } }],
  ['deleting a row that changed', deleteRow, { row: aRow({ sha256: 'b' }) }],
  ['deleting a row that is pending again', deleteRow, { row: { ...stored, status: 'pending' } }],
  ['deleting a row whose object is back', deleteRow, { ...holding, row: stored }],
  ['deleting quarantined bytes that a row needs', purge, { row: aRow() }],
])('%s is skipped: nothing is journalled, nothing changes', async (_name, draft, given) => {
  const sides = recordSides(given);
  expect(await performOn(sides, draft)).toMatchObject({ state: 'skipped' });
  expect(sides.effects.filter((name) => !/^(lock|head|read|commit)/.test(name))).toEqual([]);
});

test('the journal keeps where the bytes are before they move, and their SHA-256 after', async () => {
  const sides = recordSides(holding);
  sides.failAt = `copy ${exampleKey}`;
  await performOn(sides, quarantine);
  expect(sides.note()).toEqual({ quarantineKey: aside, reason: 'why' });
  sides.failAt = null;
  await performOn(sides, quarantine);
  expect(sides.note()).toEqual({ quarantineKey: aside, sha256 });
  expect(Object.fromEntries(sides.objects)).toEqual({ [aside]: 'bytes' });
  expect(undoableMs).toBe(30 * 24 * 3_600_000);
});

test.each([
  `copy ${exampleKey}`,
  `read ${aside}`,
  `remove ${exampleKey}`,
  'abort parts',
  'row deleted',
  'journal done',
  'commit',
])('cut at "%s", nothing later happens and the entry stays started', async (failAt) => {
  const whole = recordSides({ ...holding, row: pending });
  await performOn(whole, discard);
  const sides = recordSides({ ...holding, row: pending });
  sides.failAt = failAt;
  expect(await performOn(sides, discard)).toMatchObject({ state: 'failed' });
  const before = whole.effects.slice(0, whole.effects.indexOf(failAt));
  expect(sides.effects).toEqual([...before, 'rollback', 'journal notes a failure']);
});

test('a restore takes wrong bytes away again, and the next source is tried before', async () => {
  const sides = recordSides({ row: stored, kept: ['wrong', 'also wrong'], objects: { [exampleKey]: 'other' } });
  const sources = ['0', '1'].map((versionId) => ({ kind: 'keeper' as const, versionId }));
  const result = await performOn(sides, { ...restore, sources, object: anObject({ etag: 'other' }) });
  expect(result).toMatchObject({ state: 'failed', reason: expect.stringContaining('none of 2 kept versions') });
  expect(Object.fromEntries(sides.objects)).toEqual({ [exampleKey]: 'other' });
  expect(sides.effects.slice(-3)).toEqual([`remove ${aside}`, 'journal failed', 'commit']);
  expect(sides.note()).toEqual({});
});

test('adopting ends as failed when another row has its id', async () => {
  const sides = recordSides({ ...holding, isRowTaken: true });
  expect(await performOn(sides, adopt)).toMatchObject({ state: 'skipped' });
  expect(sides.effects.slice(-3)).toEqual(['row inserted', 'journal failed', 'commit']);
});

test('an adopted row goes again when its object was deleted meanwhile', async () => {
  const sides = recordSides(holding);
  const { push } = sides.effects;
  sides.effects.push = (name) => {
    if (name === 'commit') sides.objects.clear();
    return push.call(sides.effects, name);
  };
  expect(await performOn(sides, adopt)).toMatchObject({ state: 'skipped' });
  expect(sides.effects.slice(-4)).toEqual([head, 'row deleted', 'journal failed', 'commit']);
});
