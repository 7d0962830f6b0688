// The reconciler when something breaks under it: a listing cut short, S3 away or refusing, a run that dies at each of
// its steps. P8: nothing is changed on what is not proven; P9: the next run finishes what one left.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createReconciler } from '../../src/reconciler/index.ts';
import { imageKey, newImageId } from '../../src/shared/image.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { createWorld, type World } from '../support/reconciler-world.ts';

let world: World;
/** Runs before each S3 request: throwing keeps it from S3. */
let intercept: (operation: string, input: Record<string, unknown>) => void | Promise<void> = () => {};
/** Runs after each answer of S3. */
let interceptAnswer: (operation: string) => void = () => {};

beforeAll(async () => {
  world = await createWorld();
  world.bucket.client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace('Command', '');
      await intercept(operation, args.input as Record<string, unknown>);
      const answer = await next(args);
      interceptAnswer(operation);
      return answer;
    },
    { step: 'initialize', name: 'interceptForTests' },
  );
});
afterAll(() => world.close());
beforeEach(() => world.clear());
afterEach(() => {
  intercept = () => {};
  interceptAnswer = () => {};
});

const everything = { mode: 'repair', shouldCleanS3: true, shouldCleanAll: true, graceMs: 0 } as const;

/** Everything there is: each object's bytes, quarantined ones under the key they came from, and each row. */
async function state(): Promise<{ objects: Record<string, string | undefined>; rows: unknown[] }> {
  const objects: Record<string, string | undefined> = {};
  for (const key of await world.keysUnder('')) objects[key] = await world.bodyOf(key);
  const { rows } = await world.pool.query('SELECT * FROM images ORDER BY key');
  return { objects, rows };
}

/** Images, one of them missing, and an orphan that a run has already seen: work for every kind of repair. */
async function makeDrift(): Promise<{ missing: string; orphan: string }> {
  const keys: string[] = [];
  for (let i = 0; i < 4; i++) keys.push(await world.addImage());
  const missing = keys[2] ?? '';
  const orphan = 'images/stray.png';
  await world.removeObject(missing);
  await world.putObject(orphan, 'stray');
  await world.reconciler.run({ mode: 'check', graceMs: 0 });
  return { missing, orphan };
}

async function expectIncomplete(code: string, reconciler = world.reconciler): Promise<void> {
  const report = await reconciler.run(everything);
  expect(report).toMatchObject({ status: 'Incomplete', coverage: { isComplete: false }, actions: { done: 0 } });
  expect(report.conditions[0]).toMatchObject({ type: 'Complete', status: 'False', reason: code });
}

test('changes nothing when the listing is cut off in the middle', async () => {
  await makeDrift();
  const before = await state();
  let pages = 0;
  intercept = (operation, input) => {
    if (operation !== 'ListObjectsV2') return;
    input.MaxKeys = 3;
    pages += 1;
    if (pages === 2) throw new Error('socket hang up');
  };
  await expectIncomplete('S3Unavailable');
  intercept = () => {};
  expect(await state()).toEqual(before);
});

test('changes nothing when the listing ends early without saying so', async () => {
  await makeDrift();
  const before = await state();
  world.bucket.client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const output = answer.output as { Contents?: unknown[] };
      if (output.Contents) output.Contents = output.Contents.slice(0, 2);
      return answer;
    },
    { step: 'deserialize', name: 'cutListing', priority: 'high' },
  );
  // S3 tells times in whole seconds: a run that begins clearly later than the objects.
  const later = createReconciler({ ...world.deps, clock: () => new Date(Date.now() + 5000) });
  try {
    await expectIncomplete('S3BadAnswer', later);
  } finally {
    world.bucket.client.middlewareStack.remove('cutListing');
  }
  expect(await state()).toEqual(before);
});

test('an object that appears while it looks, in the second in which it began, was not left out', async () => {
  const key = await world.addImage();
  const body = (await world.bodyOf(key)) ?? '';
  await world.removeObject(key);
  intercept = async (operation) => {
    if (operation !== 'HeadObject') return;
    intercept = () => {};
    await world.putObject(key, body);
  };
  const startedAt = new Date(Math.floor(Date.now() / 1000) * 1000 + 999);
  const reconciler = createReconciler({ ...world.deps, clock: () => startedAt });
  expect(await reconciler.run({ mode: 'check' })).toMatchObject({ status: 'Healthy', counts: { ok: { count: 1 } } });
});

test('changes nothing when S3 is away, and says so', async () => {
  await makeDrift();
  const before = await state();
  const client = createS3Client(
    {
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      bucket: 'x',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    },
    { maxAttempts: 1 },
  );
  const away = createReconciler({ ...world.deps, bucket: { client, name: world.bucket.name } });
  expect(await away.run(everything)).toMatchObject({ status: 'Incomplete', conditions: [{ reason: 'S3Unavailable' }] });
  client.destroy();
  expect(await state()).toEqual(before);
});

test('changes nothing when S3 refuses access', async () => {
  await makeDrift();
  const before = await state();
  const server = createServer((request, response) => {
    response.writeHead(403).end(request.method === 'HEAD' ? undefined : '<Error><Code>AccessDenied</Code></Error>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = createS3Client({ endpoint, region: 'us-east-1', bucket: 'x', credentials }, { maxAttempts: 1 });
  const refused = createReconciler({ ...world.deps, bucket: { client, name: world.bucket.name } });
  expect(await refused.run(everything)).toMatchObject({
    status: 'Incomplete',
    conditions: [{ reason: 'S3AccessDenied' }],
  });
  client.destroy();
  server.close();
  expect(await state()).toEqual(before);
});

test('says Incomplete when Postgres is away', async () => {
  const pool = {
    connect: () => Promise.reject(new Error('connect ECONNREFUSED')),
    query: () => Promise.reject(new Error('gone')),
  };
  const away = createReconciler({ ...world.deps, pool: pool as unknown as World['pool'] });
  expect(await away.run(everything)).toMatchObject({
    status: 'Incomplete',
    conditions: [{ reason: 'DatabaseUnavailable' }],
  });
});

test('says Suspicious when the bucket itself is gone, and changes no row', async () => {
  await makeDrift();
  const before = await state();
  const lost = createReconciler({ ...world.deps, keeper: null, bucket: { ...world.bucket, name: 'never-was-there' } });
  const report = await lost.run(everything);
  expect(report).toMatchObject({ status: 'Suspicious', conditions: [{ reason: 'S3BucketMissing' }] });
  expect(await state()).toEqual(before);
});

test('settles nothing that a dead run left while the listing is not whole', async () => {
  await makeDrift();
  intercept = (operation) => {
    if (operation === 'DeleteObject') throw new Error('killed');
  };
  await world.reconciler.run(repair);
  const { rows: open } = await world.pool.query("SELECT id FROM integrity_actions WHERE state = 'started'");
  expect(open).toHaveLength(1);
  const before = await state();
  intercept = (operation) => {
    if (operation === 'ListObjectsV2') throw new Error('socket hang up');
  };
  await expectIncomplete('S3Unavailable');
  intercept = () => {};
  expect(await state()).toEqual(before);
  expect((await world.pool.query("SELECT id FROM integrity_actions WHERE state = 'started'")).rows).toEqual(open);
});

test.each([
  ['under a brake', 4],
  ['with no brake pulled', 0],
])('an empty volume makes no journal entry forget where the only copy is: %s', async (_name, images) => {
  for (let i = 0; i < images; i++) await world.addImage();
  await world.putObject('images/stray.png', 'stray');
  await world.reconciler.run({ mode: 'check', graceMs: 0 });
  interceptAnswer = (operation) => {
    if (operation === 'DeleteObject') throw new Error('killed');
  };
  await world.reconciler.run(repair);
  interceptAnswer = () => {};
  const volume = Object.entries((await state()).objects);
  for (const [key] of volume) await world.removeObject(key);

  const seen = await createReconciler({ ...world.deps, keeper: null }).run(repair);
  const said = seen.conditions.map(({ type }) => type);
  expect(said).toContain(images > 0 ? 'UnfinishedRepairs' : 'RepairsUnsettled');

  for (const [key, body] of volume) await world.putObject(key, body ?? '');
  await world.reconciler.run(repair);
  const { rows } = await world.pool.query("SELECT id FROM integrity_actions WHERE state = 'done'");
  await world.reconciler.undo(rows[0].id);
  expect(await world.bodyOf('images/stray.png')).toBe('stray');
});

test('leaves the rest after many failures, and says so', async () => {
  for (let i = 0; i < 30; i++) await world.putObject(`images/stray-${String(i).padStart(2, '0')}`, 'stray');
  const limits = { maxCount: 100, maxShare: 1 };
  await world.reconciler.run({ mode: 'check', graceMs: 0 });
  let copies = 0;
  intercept = (operation) => {
    if (operation !== 'CopyObject') return;
    copies += 1;
    throw new Error('socket hang up');
  };
  const report = await world.reconciler.run({ ...repair, limits });
  expect(report.conditions.map(({ type }) => type)).toContain('RepairStopped');
  expect(report.actions.planned).toBe(30);
  expect(report.actions.failed).toBe(copies);
  expect(copies).toBeLessThan(30);
});

test('a run that is stopped says so, and changes nothing more', async () => {
  await makeDrift();
  const before = await state();
  const stopping = new AbortController();
  const options = { ...repair, signal: stopping.signal, onStarted: () => stopping.abort() };
  expect(await world.reconciler.run(options)).toMatchObject({
    status: 'Incomplete',
    conditions: [{ reason: 'RunStopped' }],
  });
  expect(await state()).toEqual(before);
});

test('does not discard an upload that shows life again before its turn comes', async () => {
  const [id, dead] = [newImageId(), newImageId()];
  for (const one of [id, dead])
    await world.pool.query(
      `INSERT INTO images (id, key, original_name, content_type, status, uploaded_at)
       VALUES ($1, $2, 'a.png', 'image/png', 'pending', now() - interval '1 day')`,
      [one, imageKey(one, 'image/png')],
    );
  intercept = async (operation) => {
    if (operation === 'HeadObject') await world.pool.query('UPDATE images SET uploaded_at = now() WHERE id = $1', [id]);
  };
  const report = await world.reconciler.run({ mode: 'repair' });
  expect(report.actions).toMatchObject({ planned: 2, done: 1, skipped: 1 });
  expect((await world.pool.query('SELECT id FROM images')).rows).toEqual([{ id }]);
});

test('a repair that is stopped while it acts tells what it did', async () => {
  for (let i = 0; i < 12; i++) await world.removeObject(await world.addImage());
  const stopping = new AbortController();
  const report = await world.reconciler.run({
    mode: 'repair',
    signal: stopping.signal,
    onProgress: (progress) => progress.kind === 'progress' && progress.phase === 'act' && stopping.abort(),
  });
  expect(report).toMatchObject({ status: 'Incomplete', conditions: [{ reason: 'RunStopped' }] });
  const restored = await world.keysUnder('images/');
  expect(restored.length).toBeGreaterThan(0);
  expect(restored.length).toBeLessThan(12);
  expect(report.actions.done).toBe(restored.length);
  expect(report.summary).toMatch(/^Stopped after \d repaired/);
});

test('lets one run work at a time', async () => {
  await world.addImage();
  const inner: unknown[] = [];
  await world.reconciler.run({
    mode: 'check',
    onStarted: () => inner.push(world.reconciler.run({ mode: 'check' }).catch((error: unknown) => error)),
  });
  expect(await inner[0]).toMatchObject({ code: 'RunInProgress' });
});

test.each(['before', 'after'] as const)(
  'a repair that dies at any S3 request, %s S3 took it, loses nothing, and the next one ends it',
  async (moment) => {
    let hasDied = true;
    for (let step = 1; hasDied; step += 1) {
      await world.clear();
      const { missing, orphan } = await makeDrift();
      const kept = world.keeper.kept.get(missing)?.[0];
      hasDied = await repairThatDiesAt(step, moment);

      const { objects, rows } = await state();
      expect(Object.values(objects), `step ${step}`).toContain('stray');
      const { rowCount: open } = await world.pool.query("SELECT FROM integrity_actions WHERE state = 'started'");
      const seen = await world.reconciler.run({ ...repair, mode: 'preview' });
      expect(seen.conditions.some(({ type }) => type === 'UnfinishedRepairs')).toBe(open !== 0);
      expect(seen.actions.planned > 0, `step ${step}`).toBe(open !== 0 || seen.status !== 'Healthy');
      expect(rows).toHaveLength(4);

      expect(await world.reconciler.run(repair), `step ${step}`).toMatchObject({ status: 'Healthy' });
      expect(await world.bodyOf(missing)).toBe(kept);
      expect(await world.bodyOf(orphan)).toBeUndefined();
      expect(Object.values((await state()).objects).filter((body) => body === 'stray')).toHaveLength(1);
      const { rows: actions } = await world.pool.query('SELECT id, action, state FROM integrity_actions');
      expect(actions.filter((one) => one.state === 'started')).toEqual([]);
      const quarantines = actions.filter((one) => one.action === 'quarantine' && one.state === 'done');
      expect(quarantines).toHaveLength(1);
      await world.reconciler.undo(quarantines[0].id);
      expect(await world.bodyOf(orphan)).toBe('stray');
    }
  },
);

const repair = { mode: 'repair', shouldCleanS3: true, graceMs: 0 } as const;

/** Runs a repair whose S3 is gone from its n-th request on; false when it ended before that. */
async function repairThatDiesAt(step: number, moment: 'before' | 'after'): Promise<boolean> {
  let requests = 0;
  const die = (): void => {
    requests += 1;
    if (requests >= step) throw new Error('killed');
  };
  if (moment === 'before') intercept = die;
  else interceptAnswer = die;
  await world.reconciler.run(repair);
  intercept = () => {};
  interceptAnswer = () => {};
  return requests >= step;
}

test('with an emptied bucket a plain repair discards no pending row either', async () => {
  for (let i = 0; i < 4; i++) await world.addImage();
  const uploads = await Promise.all(Array.from({ length: 3 }, () => world.addImage()));
  await world.pool.query(
    `UPDATE images SET status = 'pending', sha256 = NULL, size_bytes = NULL, uploaded_at = now() - interval '1 day'
     WHERE key = ANY($1)`,
    [uploads],
  );
  for (const key of await world.keysUnder('')) await world.removeObject(key);
  const report = await createReconciler({ ...world.deps, keeper: null }).run({ mode: 'repair' });
  expect(report).toMatchObject({ status: 'Suspicious', actions: { done: 0 } });
  expect(await world.rowCount()).toBe(7);
});
