import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anEvidence, anObject, aRow, exampleKey, exampleNow } from '../../../test/support/reconciler-examples.ts';
import { actionKinds, type findingClasses } from '../../shared/report.ts';
import type { Evidence } from './evidence.ts';
import { isLimited, isRemoval, type PlanOptions, planFor } from './plan.ts';

const hourMs = 3_600_000;
const options: PlanOptions = {
  now: exampleNow,
  graceMs: hourMs,
  shouldCleanS3: false,
  shouldCleanAll: false,
  isForNextRun: false,
};
const cleanS3 = { shouldCleanS3: true };
const cleanAll = { shouldCleanS3: true, shouldCleanAll: true };
const sources = [{ kind: 'keeper', versionId: '1' }] as const;

const finding = (
  drift: Exclude<(typeof findingClasses)[number], 'ok' | 'too-new'>,
  fields: Partial<Evidence['known']>,
) => ({
  verdict: { class: drift, drift, reason: '' },
  known: { key: exampleKey, object: null, row: null, bytes: null, deletionAt: null, ...fields },
});
const orphan = finding('orphan', { object: anObject() });
const pendingRow = aRow({ status: 'pending', sizeBytes: null, sha256: null });

/** A row: name, evidence, options → the action that is planned (null: none), and the remedy that is shown. */
test.each<[string, Partial<Evidence>, Partial<PlanOptions>, string | null, string | null]>([
  ['a missing object that the keeper has', { sources }, {}, 'restore', 'restore'],
  ['a missing object that the keeper has, clean-all', { sources }, cleanAll, 'restore', 'restore'],
  ['a missing object that nothing has', {}, {}, null, 'delete'],
  ['a missing object that nothing has, clean-s3', {}, cleanS3, null, 'delete'],
  ['a missing object that nothing has, clean-all', {}, cleanAll, 'delete', 'delete'],
  ['a missing object while the keeper is silent, clean-all', { sources: 'unknown' }, cleanAll, null, null],
  [
    'a loss that no earlier run saw',
    { sighting: { firstSeenAt: exampleNow, isEarlier: false } },
    { ...cleanAll, graceMs: 0 },
    null,
    'delete',
  ],
  [
    'a loss seen for less than the grace',
    { sighting: { firstSeenAt: new Date(+exampleNow - hourMs + 1), isEarlier: true } },
    cleanAll,
    null,
    'delete',
  ],
  ['an orphan', orphan, {}, null, 'quarantine'],
  ['an orphan, clean-s3', orphan, cleanS3, 'quarantine', 'quarantine'],
  ['an orphan that proves its row', { ...orphan, rebuilt: aRow() }, {}, 'adopt', 'adopt'],
  ['an orphan that proves its row, clean-s3', { ...orphan, rebuilt: aRow() }, cleanS3, 'adopt', 'adopt'],
  [
    'an orphan deleted on purpose',
    { ...finding('orphan', { object: anObject(), deletionAt: exampleNow }), rebuilt: aRow() },
    {},
    null,
    'quarantine',
  ],
  [
    'an orphan that the keeper saw deleted',
    { ...orphan, rebuilt: aRow(), isDeletedInKeeper: true },
    cleanS3,
    'quarantine',
    'quarantine',
  ],
  [
    'an upload whose object came',
    { ...finding('pending', { object: anObject(), row: pendingRow }), rebuilt: aRow() },
    {},
    'finish-upload',
    'finish-upload',
  ],
  [
    'an upload whose object is not proven',
    finding('pending', { object: anObject(), row: pendingRow }),
    {},
    'discard-pending',
    'discard-pending',
  ],
  [
    'an upload whose object never came',
    finding('pending', { row: pendingRow }),
    {},
    'discard-pending',
    'discard-pending',
  ],
  [
    'a wrong size in the row alone',
    {
      ...finding('size-mismatch', {
        object: anObject({ sizeBytes: 4 }),
        row: aRow(),
        bytes: { kind: 'read', sizeBytes: 4, sha256: 'a'.repeat(64) },
      }),
      sources,
    },
    {},
    'correct-row',
    'correct-row',
  ],
  [
    'other bytes that the keeper has right',
    {
      ...finding('checksum-mismatch', {
        object: anObject(),
        row: aRow(),
        bytes: { kind: 'read', sizeBytes: 5, sha256: 'b'.repeat(64) },
      }),
      sources,
    },
    {},
    'restore',
    'restore',
  ],
  [
    'other bytes that nothing has right, clean-all',
    finding('checksum-mismatch', { object: anObject(), row: aRow() }),
    cleanAll,
    null,
    null,
  ],
  [
    'a young orphan, clean-all',
    { ...orphan, verdict: { class: 'too-new', drift: 'orphan', reason: '' } },
    cleanAll,
    null,
    null,
  ],
  [
    'a key that Postgres can not hold, clean-all',
    finding('orphan', { key: 'images/\0', object: anObject({ key: 'images/\0' }) }),
    cleanAll,
    null,
    null,
  ],
])('%s', (_name, fields, change, action, remedy) => {
  const plan = planFor(anEvidence(fields), { ...options, ...change });
  expect(plan.action?.action ?? null).toBe(action);
  expect(plan.remedy?.action ?? null).toBe(remedy);
});

test('a plan is a value: JSON keeps all of it', () => {
  const { action } = planFor(anEvidence({ sources }), options);
  expect(JSON.parse(JSON.stringify(action))).toMatchObject({
    action: 'restore',
    key: exampleKey,
    sources: [...sources],
  });
});

const anyEvidence = fc.record({
  drift: fc.constantFrom('missing', 'orphan', 'size-mismatch', 'checksum-mismatch', 'unreadable', 'pending'),
  isTooNew: fc.boolean(),
  hasRow: fc.boolean(),
  hasObject: fc.boolean(),
  isProven: fc.boolean(),
  isKept: fc.constantFrom('yes', 'no', 'unknown'),
  ageMs: fc.constantFrom(0, hourMs - 1, hourMs, hourMs + 1),
  isEarlier: fc.boolean(),
});
const anyRights = fc.record({
  shouldCleanS3: fc.boolean(),
  shouldCleanAll: fc.boolean(),
  isForNextRun: fc.boolean(),
  graceMs: fc.constantFrom(0, hourMs),
});

test('removes nothing without the right, an earlier sighting, the grace and the silence of every source', () => {
  fc.assert(
    fc.property(anyEvidence, anyRights, (one, rights) => {
      const { action } = planFor(
        anEvidence({
          ...finding(one.drift, { row: one.hasRow ? aRow() : null, object: one.hasObject ? anObject() : null }),
          verdict: { class: one.isTooNew ? 'too-new' : one.drift, drift: one.drift, reason: '' },
          sources: one.isKept === 'unknown' ? 'unknown' : one.isKept === 'yes' ? sources : [],
          rebuilt: one.isProven ? aRow() : null,
          sighting: { firstSeenAt: new Date(+exampleNow - one.ageMs), isEarlier: one.isEarlier },
        }),
        { ...options, ...rights },
      );
      if (one.isTooNew) expect(action).toBeNull();
      if (action?.action !== 'quarantine' && action?.action !== 'delete') return;
      expect(one.isEarlier || rights.isForNextRun).toBe(true);
      expect(one.ageMs).toBeGreaterThanOrEqual(rights.graceMs);
      expect(rights.shouldCleanAll || (action.action === 'quarantine' && rights.shouldCleanS3)).toBe(true);
      if (action.action === 'quarantine') expect(one.isProven).toBe(false);
      else expect(one.isKept).toBe('no');
    }),
    { numRuns: 2000 },
  );
});

test('all that takes a row or an object away is a removal for every brake', () => {
  const removals = actionKinds.filter((kind) => isRemoval(kind));
  expect(removals).toEqual(['discard-pending', 'quarantine', 'delete']);
  for (const kind of removals) expect(isLimited(kind), kind).toBe(true);
});
