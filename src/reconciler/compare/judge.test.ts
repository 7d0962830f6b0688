import { expect, test } from 'vitest';
import { anObject, aRow, exampleKey, exampleNow } from '../../../test/support/reconciler-examples.ts';
import { type Case, type JudgeOptions, judge } from './judge.ts';

const hourMs = 3_600_000;
const options: JudgeOptions = { now: exampleNow, graceMs: hourMs, uploadGraceMs: 300_000, noUploadsBefore: null };
const before = (ms: number): Date => new Date(exampleNow.getTime() - ms);
const pending = { status: 'pending', sizeBytes: null, sha256: null } as const;
const read = (sha256: string) => ({ kind: 'read', sizeBytes: 5, sha256 }) as const;

test.each<[string, Partial<Case>, Partial<JudgeOptions>, string, string | null]>([
  ['both agree', { object: anObject(), row: aRow() }, {}, 'ok', null],
  ['both agree, bytes read', { object: anObject(), row: aRow(), bytes: read('a'.repeat(64)) }, {}, 'ok', null],
  ['a stored row without object', { row: aRow() }, {}, 'missing', 'missing'],
  ['a stored row of a moment ago without object', { row: aRow({ uploadedAt: before(1) }) }, {}, 'missing', 'missing'],
  ['an old object without row', { object: anObject({ lastModified: before(hourMs) }) }, {}, 'orphan', 'orphan'],
  ['a young object without row', { object: anObject({ lastModified: before(hourMs - 1) }) }, {}, 'too-new', 'orphan'],
  [
    'an object of the future, grace 0',
    { object: anObject({ lastModified: before(-9e5) }) },
    { graceMs: 0 },
    'orphan',
    'orphan',
  ],
  ['a deletion of a moment ago', { object: anObject(), deletionAt: before(1) }, {}, 'too-new', 'orphan'],
  ['a deletion that got stuck', { object: anObject(), deletionAt: before(hourMs) }, {}, 'orphan', 'orphan'],
  ['another size', { object: anObject({ sizeBytes: 4 }), row: aRow() }, {}, 'size-mismatch', 'size-mismatch'],
  [
    'other bytes',
    { object: anObject(), row: aRow(), bytes: read('b'.repeat(64)) },
    {},
    'checksum-mismatch',
    'checksum-mismatch',
  ],
  [
    'bytes that do not come',
    { object: anObject(), row: aRow(), bytes: { kind: 'unreadable', reason: 'x' } },
    {},
    'unreadable',
    'unreadable',
  ],
  ['an upload that lives', { row: aRow({ ...pending, uploadedAt: before(299_999) }) }, {}, 'too-new', 'pending'],
  [
    'an upload that lives, grace 0',
    { row: aRow({ ...pending, uploadedAt: before(1) }) },
    { graceMs: 0 },
    'too-new',
    'pending',
  ],
  [
    'an upload without a sign of life',
    { row: aRow({ ...pending, uploadedAt: before(300_000) }) },
    {},
    'pending',
    'pending',
  ],
  [
    'an upload whose process is gone',
    { row: aRow({ ...pending, uploadedAt: before(2) }) },
    { noUploadsBefore: before(1) },
    'pending',
    'pending',
  ],
  ['a dead upload whose object came', { object: anObject(), row: aRow({ ...pending }) }, {}, 'pending', 'pending'],
])('%s', (_name, fields, change, found, drift) => {
  const known: Case = { key: exampleKey, object: null, row: null, bytes: null, deletionAt: null, ...fields };
  expect(judge(known, { ...options, ...change })).toMatchObject({ class: found, drift });
});
