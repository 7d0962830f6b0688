// How the failure of one job affects the other jobs of its batch.
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Job, JobOutcome } from './jobs.ts';
import { preparing } from './prepared.ts';
import { type BatchContext, runBatch, toFailure } from './run-batch.ts';
import { createDatabase, openForWriting } from './schema.ts';
import { storeDamaged } from './store-errors.ts';
import { temporaryFolder } from './store-fixture.ts';

let context: BatchContext;
let errcodeOf: ReadonlyMap<string, number>;

/** A store whose statements fail with a code of SQLite's when they are given one of the words in `errcodeOf`. */
beforeEach(async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'store.db');
  createDatabase(file, { id: 'one', createdAt: 0 });
  const database = openForWriting(file);
  onTestFinished(() => database.close());
  const prepare = preparing(database);
  errcodeOf = new Map();
  context = {
    database,
    folder,
    prepare: (sql) =>
      new Proxy(prepare(sql), {
        get: (statement, name) => {
          const value: unknown = Reflect.get(statement, name);
          if (typeof value !== 'function') return value;
          return (...args: readonly unknown[]) => {
            const errcode = args.map((one) => errcodeOf.get(String(one))).find((one) => one !== undefined);
            if (errcode !== undefined) throw Object.assign(new Error(`SQLite failed with ${errcode}`), { errcode });
            return Reflect.apply(value, statement, args);
          };
        },
      }),
  };
});

const create = (bucket: string): Job => ({
  kind: 'change',
  at: 1,
  change: { kind: 'put-bucket', bucket, headers: {}, body: new Uint8Array() },
});
const three = [create('a'), create('b'), create('c')];
const words = (outcomes: readonly JobOutcome[]) =>
  outcomes.map((one) => (one.kind === 'done' ? 'done' : one.failure.code));
const buckets = () =>
  context.database
    .prepare('SELECT bucket FROM buckets ORDER BY bucket')
    .all()
    .map(({ bucket }) => bucket);

test('jobs share one transaction', () => {
  const { outcomes, commits, end } = runBatch(context, three);
  expect([words(outcomes), commits, end, buckets()]).toEqual([['done', 'done', 'done'], 1, null, ['a', 'b', 'c']]);
});

test('a job that is refused leaves no trace, and its neighbours share one transaction all the same', () => {
  errcodeOf = new Map([['b', 19]]); // a constraint: this job's own fault
  const { outcomes, commits, end } = runBatch(context, three);
  expect([words(outcomes), commits, end, buckets()]).toEqual([['done', 'Internal', 'done'], 1, null, ['a', 'c']]);
});

test('a damaged page spoils the transaction that met it, and no other: each job gets one of its own', () => {
  errcodeOf = new Map([['b', 11]]);
  const { outcomes, commits, end } = runBatch(context, three);
  expect(words(outcomes)).toEqual(['done', 'KeeperStoreDamaged', 'done']);
  expect([commits, end, buckets()]).toEqual([2, null, ['a', 'c']]);
});

test('a damaged page fails a single job, and is not met again', () => {
  errcodeOf = new Map([['a', 11]]);
  const { outcomes, commits, end } = runBatch(context, [create('a')]);
  expect([words(outcomes), commits, end]).toEqual([['KeeperStoreDamaged'], null, null]);
  expect(context.database.isTransaction).toBe(false);
});

test.each([
  ['a full disk', 13, 'DiskFull'],
  ['a disk that can not be written', 10, 'DataFolderUnusable'],
])('%s fails the whole batch, and nothing of it happened', (_what, errcode, code) => {
  errcodeOf = new Map([['b', errcode]]);
  const { outcomes, commits, end } = runBatch(context, three);
  expect([words(outcomes), commits, end, buckets()]).toEqual([[code, code, code], null, null, []]);
  expect(context.database.isTransaction).toBe(false);
  errcodeOf = new Map();
  expect(runBatch(context, three).commits).toBe(1);
});

test.each([10 | (4 << 8), 10 | (5 << 8)])('after a failed fsync (%i) no other transaction may follow', (errcode) => {
  errcodeOf = new Map([['b', errcode]]);
  const { outcomes, end } = runBatch(context, three);
  expect(outcomes).toEqual(three.map(() => ({ kind: 'failed', failure: end })));
  expect(end).toMatchObject({ code: 'DataFolderUnusable' });
});

test('a failed fsync while jobs run one by one ends the store too', () => {
  errcodeOf = new Map([
    ['a', 11],
    ['b', 10 | (4 << 8)],
  ]);
  const { end } = runBatch(context, three);
  expect(end).toMatchObject({ code: 'DataFolderUnusable' });
});

test('tells of a failure what was underneath', () => {
  expect(toFailure(storeDamaged('/data', 'a page', new Error('disk image is malformed')))).toMatchObject({
    code: 'KeeperStoreDamaged',
    reason: 'disk image is malformed',
  });
  expect(toFailure(storeDamaged('/data', 'a page')).reason).toMatch(/damaged/);
});
