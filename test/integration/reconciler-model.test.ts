// Random states of both sides, a repair with random rights that may die at a random request: it never gets worse. No bytes
// are lost; every row is still there or in the journal; everything that was whole is untouched. The next repair finishes an
// unfinished one, and undoing a repair gives the state of before.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunOptions } from '../../src/reconciler/index.ts';
import { imageKey, newImageId, toObjectMetadata } from '../../src/shared/image.ts';
import { createWorld, type World } from '../support/reconciler-world.ts';

let world: World;
let dieAt: { readonly request: number; readonly isAfter: boolean } | null = null;
let requests = 0;

beforeAll(async () => {
  world = await createWorld();
  const mayDie = (): void => {
    if (dieAt && requests >= dieAt.request) throw new Error('killed');
  };
  world.bucket.client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      if (!dieAt?.isAfter) mayDie();
      const answer = await next(args);
      mayDie();
      return answer;
    },
    { step: 'initialize', name: 'mayDie' },
  );
});
afterAll(() => world.close());

const item = fc.record({
  row: fc.constantFrom('none', 'stored', 'stored', 'pending', 'pending and described'),
  object: fc.constantFrom('none', 'right', 'right', 'short', 'other'),
  hasMetadata: fc.boolean(),
  kept: fc.constantFrom('none', 'right', 'other', 'other and right'),
  isInOutbox: fc.boolean(),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

const bodyOf = (what: string, index: number): string =>
  ({ right: `right ${index}`, other: `other ${index}`, short: `s${index}` })[what] ?? '';
const sha256Of = (body: string): string => createHash('sha256').update(body).digest('hex');

async function make(one: Item, index: number): Promise<string> {
  const id = newImageId();
  const key = imageKey(id, 'image/png');
  const right = bodyOf('right', index);
  const uploadedAt = new Date('2026-01-01T00:00:00Z');
  const metadata = toObjectMetadata({ id, title: 't', originalName: 'a.png', uploadedAt, sha256: sha256Of(right) });
  if (one.object !== 'none') await world.putObject(key, bodyOf(one.object, index), one.hasMetadata ? metadata : {});
  if (one.row !== 'none') {
    const facts = one.row === 'pending' ? [null, null] : [right.length, sha256Of(right)];
    await world.pool.query(
      `INSERT INTO images (id, key, title, original_name, content_type, size_bytes, sha256, status, uploaded_at)
       VALUES ($1, $2, 't', 'a.png', 'image/png', $3, $4, $5, $6)`,
      [id, key, ...facts, one.row.startsWith('pending') ? 'pending' : 'stored', uploadedAt],
    );
  } else if (one.isInOutbox) {
    await world.pool.query("INSERT INTO outbox (action, key) VALUES ('delete-object', $1)", [key]);
  }
  if (one.kept !== 'none')
    world.keeper.kept.set(
      key,
      one.kept.split(' and ').map((what) => bodyOf(what, index)),
    );
  return key;
}

interface State {
  readonly objects: Readonly<Record<string, string>>;
  readonly rows: readonly { readonly id: string; readonly key: string; readonly status: string }[];
}

async function state(prefix = ''): Promise<State> {
  const objects: Record<string, string> = {};
  for (const key of await world.keysUnder(prefix)) objects[key] = (await world.bodyOf(key)) ?? '';
  return { objects, rows: (await world.pool.query('SELECT * FROM images ORDER BY key')).rows };
}

async function expectNothingLost(before: State, after: State, whole: readonly string[]): Promise<void> {
  expect(Object.values(after.objects)).toEqual(expect.arrayContaining(Object.values(before.objects)));
  const { rows: journal } = await world.pool.query("SELECT undo->'rowBefore'->>'id' AS id FROM integrity_actions");
  const known = new Set([...after.rows, ...journal].map(({ id }) => id));
  expect(before.rows.filter(({ id }) => !known.has(id))).toEqual([]);
  for (const key of whole) {
    expect(after.objects[key]).toBe(before.objects[key]);
    expect(after.rows).toContainEqual(before.rows.find((row) => row.key === key));
  }
}

const rights = fc.record({ shouldCleanS3: fc.boolean(), shouldCleanAll: fc.boolean(), isDeep: fc.boolean() });
const death = fc.option(fc.record({ request: fc.integer({ min: 1, max: 80 }), isAfter: fc.boolean() }));

test('a repair never makes it worse, whatever the state, the rights and the moment of its death', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 6 }), rights, death, async (items, chosen, dies) => {
      dieAt = null;
      await world.clear();
      const keys: string[] = [];
      for (const [index, one] of items.entries()) keys.push(await make(one, index));
      const whole = keys.filter((_, index) => items[index]?.row === 'stored' && items[index]?.object === 'right');
      const options: RunOptions = { ...chosen, mode: 'repair', graceMs: 0 };
      await world.reconciler.run({ ...options, mode: 'check' });
      const before = await state();

      requests = 0;
      dieAt = dies;
      await world.reconciler.run(options);
      const hasDied = dies !== null && requests >= dies.request;
      dieAt = null;
      await expectNothingLost(before, await state(), whole);

      if (!hasDied) {
        const { rows } = await world.pool.query(
          "SELECT id FROM integrity_actions WHERE state = 'done' ORDER BY started_at DESC, id DESC",
        );
        for (const { id } of rows) await world.reconciler.undo(id);
        const { rows: undone, objects } = await state('images/');
        expect(objects).toEqual(before.objects);
        expect(undone).toEqual(before.rows);
      }

      // A brake holds removals back until another repair has mended what pulled it, and then they wait to be seen twice.
      let changes = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 5 && changes > 0; run += 1) changes = (await world.reconciler.run(options)).actions.done;
      expect(changes).toBe(0);
      expect((await world.pool.query("SELECT FROM integrity_actions WHERE state = 'started'")).rowCount).toBe(0);
      await expectNothingLost(before, await state(), whole);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 30_000 },
  );
});
