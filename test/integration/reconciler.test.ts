// The reconciler on a real Postgres and a real S3: what it finds, what it repairs, what it refuses, and undo.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { recordSightings } from '../../src/reconciler/state/memory.ts';
import { imageKey, newImageId, toObjectMetadata } from '../../src/shared/image.ts';
import { createWorld, type World } from '../support/reconciler-world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(() => world.clear());

const check = () => world.reconciler.run({ mode: 'check' });
const fix = (options: { shouldCleanS3?: boolean; shouldCleanAll?: boolean; graceMs?: number } = {}) =>
  world.reconciler.run({ mode: 'repair', ...options });

async function addImages(count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 0; i < count; i++) keys.push(await world.addImage());
  return keys;
}

async function lastActionId(): Promise<string> {
  const { rows } = await world.pool.query('SELECT id FROM integrity_actions ORDER BY started_at DESC LIMIT 1');
  return rows[0].id;
}

test('is healthy when both sides agree, and when both are empty', async () => {
  expect(await check()).toMatchObject({ status: 'Healthy', coverage: { isComplete: true, rowsRead: 0 } });
  await addImages(3);
  expect(await check()).toMatchObject({ status: 'Healthy', counts: { ok: { count: 3 } } });
});

test('names exactly the removed objects, shows a repair without doing it, then brings the bytes back', async () => {
  const [first = '', second = '', ...rest] = await addImages(8);
  const body = await world.bodyOf(first);
  await world.removeObject(first);
  await world.removeObject(second);

  const report = await check();
  expect(report.status).toBe('Degraded');
  expect(report.sample.map(({ key, class: found }) => [key, found])).toEqual([
    [first, 'missing'],
    [second, 'missing'],
  ]);
  expect(report.sample[0]?.remedy?.action).toBe('restore');

  const preview = await world.reconciler.run({ mode: 'preview' });
  expect(preview.actions).toMatchObject({ planned: 2, done: 0 });
  expect(await world.keysUnder('images/')).toEqual(rest);

  expect(await fix()).toMatchObject({ status: 'Healthy', actions: { done: 2, failed: 0 } });
  expect(await world.bodyOf(first)).toBe(body);
  expect(await check()).toMatchObject({ status: 'Healthy', counts: { ok: { count: 8 } } });
});

test('leaves young orphans alone and says so; with a grace of 0 quarantines them, and undo brings them back', async () => {
  await addImages(3);
  await world.putObject('images/stray ü+1.png', 'stray');
  expect(await check()).toMatchObject({ status: 'Healthy', counts: { 'too-new': { count: 1 } } });
  expect(await fix({ shouldCleanS3: true })).toMatchObject({ actions: { done: 0 } });
  expect(await world.bodyOf('images/stray ü+1.png')).toBe('stray');

  expect(await fix({ shouldCleanS3: true, graceMs: 0 })).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  expect(await world.bodyOf('images/stray ü+1.png')).toBeUndefined();
  expect(await world.keysUnder('quarantine/')).toHaveLength(1);

  const undone = await world.reconciler.undo(await lastActionId());
  expect(undone).toMatchObject({ state: 'undone', key: 'images/stray ü+1.png' });
  expect(await world.bodyOf('images/stray ü+1.png')).toBe('stray');
  expect(await world.keysUnder('quarantine/')).toEqual([]);
  await expect(world.reconciler.undo(await lastActionId())).rejects.toMatchObject({ code: 'ActionNotUndoable' });
});

test('removes nothing that no earlier run has seen', async () => {
  await addImages(3);
  await world.putObject('images/stray.png', 'stray');
  const report = await fix({ shouldCleanS3: true, graceMs: 0 });
  expect(report).toMatchObject({ status: 'Degraded', actions: { done: 0 } });
  expect(report.sample[0]?.remedy?.reason).toContain('second run');
  expect(await fix({ shouldCleanS3: true, graceMs: 0 })).toMatchObject({ actions: { done: 1 } });
});

test('a preview shows what the repair after it does, which then has been seen', async () => {
  await addImages(3);
  await world.putObject('images/stray.png', 'stray');
  const options = { shouldCleanS3: true, graceMs: 0 };
  expect(await world.reconciler.run({ mode: 'preview', ...options })).toMatchObject({
    actions: { planned: 1, done: 0 },
  });
  expect(await fix(options)).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
});

test('adopts an object whose metadata and bytes prove its row, and undo takes the row away again', async () => {
  const [key = ''] = await addImages(3);
  const { rows: before } = await world.pool.query('SELECT * FROM images WHERE key = $1', [key]);
  await world.pool.query('DELETE FROM images WHERE key = $1', [key]);
  expect(await fix({ graceMs: 0 })).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  const { rows: after } = await world.pool.query('SELECT * FROM images WHERE key = $1', [key]);
  expect(after).toEqual(before);
  await world.reconciler.undo(await lastActionId());
  expect(await world.rowCount()).toBe(2);
});

test('does not adopt what was deleted on purpose', async () => {
  const [key = ''] = await addImages(3);
  await world.pool.query('DELETE FROM images WHERE key = $1', [key]);
  await world.pool.query("INSERT INTO outbox (action, key) VALUES ('delete-object', $1)", [key]);
  const report = await fix({ graceMs: 0 });
  expect(report.actions.done).toBe(0);
  expect(report.sample[0]).toMatchObject({ key, class: 'orphan', remedy: { action: 'quarantine' } });
});

test('finishes an upload whose object came whole; discards those whose object never came, or is another', async () => {
  await addImages(2);
  const insert = (id: string, body: string | null) =>
    world.pool.query(
      `INSERT INTO images (id, key, original_name, content_type, status, size_bytes, sha256)
       VALUES ($1, $2, 'a.png', 'image/png', 'pending', $3, $4)`,
      [id, imageKey(id, 'image/png'), body?.length, body && createHash('sha256').update(body).digest('hex')],
    );
  const [whole, lost, other] = [newImageId(), newImageId(), newImageId()];
  const put = (id: string, body: string) => {
    const metadata = toObjectMetadata({ id, title: '', originalName: 'a.png', uploadedAt: new Date() });
    return world.putObject(imageKey(id, 'image/png'), body, metadata);
  };
  await insert(whole, 'whole');
  await put(whole, 'whole');
  await insert(lost, null);
  await insert(other, 'promised');
  await put(other, 'something else');

  expect(await check()).toMatchObject({ status: 'Healthy', counts: { 'too-new': { count: 3 } } });
  expect(await fix({ graceMs: 0 })).toMatchObject({ actions: { done: 0 } });
  const options = { mode: 'repair', noUploadsBefore: new Date(Date.now() + 1000) } as const;
  expect(await world.reconciler.run(options)).toMatchObject({ status: 'Healthy', actions: { done: 3 } });
  const { rows } = await world.pool.query("SELECT id, size_bytes FROM images WHERE status = 'stored' AND id = $1", [
    whole,
  ]);
  expect(rows).toEqual([{ id: whole, size_bytes: '5' }]);
  expect(await world.rowCount()).toBe(3);
  expect(await world.keysUnder('quarantine/')).toHaveLength(1);
});

test('says Suspicious when the bucket came up empty, removes nothing, and restores all of it', async () => {
  const keys = await addImages(4);
  await check();
  for (const key of keys) await world.removeObject(key);
  world.keeper.kept.delete(keys[0] ?? '');
  const report = await check();
  expect(report.status).toBe('Suspicious');
  expect(report.conditions.map(({ type }) => type)).toContain('BucketLooksEmpty');
  await check();
  const fixed = await fix({ shouldCleanAll: true, graceMs: 0 });
  expect(fixed).toMatchObject({ status: 'Degraded', actions: { done: 3 } });
  expect(await world.rowCount()).toBe(4);
});

test('says Suspicious when the table came up empty, until the rows that objects prove are back', async () => {
  await addImages(4);
  await check();
  await world.pool.query('TRUNCATE images');
  const report = await check();
  expect(report.status).toBe('Suspicious');
  expect(report.conditions.map(({ type }) => type)).toContain('DatabaseLooksEmpty');
  expect(await fix({ shouldCleanAll: true, graceMs: 0 })).toMatchObject({
    status: 'Healthy',
    coverage: { rowsRead: 0 },
    actions: { done: 4, failed: 0 },
  });
  expect(await world.rowCount()).toBe(4);
});

test('stops before it removes more than its limits', async () => {
  await addImages(3);
  for (let i = 0; i < 4; i++) await world.putObject(`images/stray-${i}`, 'stray');
  await check();
  const limits = { maxCount: 3, maxShare: 1 };
  const report = await world.reconciler.run({ mode: 'repair', shouldCleanS3: true, graceMs: 0, limits });
  expect(report).toMatchObject({ status: 'Suspicious', actions: { done: 0 } });
  expect(report.conditions.find(({ type }) => type === 'LimitReached')?.message).toMatch(
    /INTEGRITY_MAX_REMOVALS=4 INTEGRITY_MAX_REMOVAL_PERCENT=100$/,
  );
  expect(await world.keysUnder('quarantine/')).toEqual([]);
});

test('deletes a row that nothing brings back only with clean-all, and undo puts it back', async () => {
  const keys = await addImages(30);
  const lost = keys[3] ?? '';
  await world.removeObject(lost);
  world.keeper.kept.delete(lost);
  await check();
  expect(await fix({ graceMs: 0, shouldCleanS3: true })).toMatchObject({ status: 'Degraded', actions: { done: 0 } });
  world.keeper.isDown = true;
  expect(await fix({ graceMs: 0, shouldCleanAll: true })).toMatchObject({ actions: { done: 0 } });
  world.keeper.isDown = false;
  const { rows: before } = await world.pool.query('SELECT * FROM images WHERE key = $1', [lost]);
  expect(await fix({ graceMs: 0, shouldCleanAll: true })).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  expect(await world.rowCount()).toBe(29);
  await world.reconciler.undo(await lastActionId());
  expect((await world.pool.query('SELECT * FROM images WHERE key = $1', [lost])).rows).toEqual(before);
});

test('restores only bytes that prove to be the ones of the row', async () => {
  const keys = await addImages(12);
  const key = keys[0] ?? '';
  const body = (await world.bodyOf(key)) ?? '';
  await world.removeObject(key);
  world.keeper.kept.set(key, [body.replace('bytes', 'other')]);
  expect(await fix()).toMatchObject({ status: 'Degraded', actions: { failed: 1 } });
  expect(await world.bodyOf(key)).toBeUndefined();
  world.keeper.kept.set(key, [body.replace('bytes', 'other'), body]);
  expect(await fix()).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  expect(await world.bodyOf(key)).toBe(body);
});

test('a deep run finds other bytes of the same size, restores the right ones, and undo returns to before', async () => {
  const [key = ''] = await addImages(3);
  const body = (await world.bodyOf(key)) ?? '';
  const wrong = body.replace('bytes', 'BYTES');
  await world.putObject(key, wrong);
  expect(await check()).toMatchObject({ status: 'Healthy' });
  const deep = await world.reconciler.run({ mode: 'check', isDeep: true });
  expect(deep).toMatchObject({ status: 'Degraded', counts: { 'checksum-mismatch': { count: 1 }, ok: { count: 2 } } });
  expect(await world.reconciler.run({ mode: 'repair', isDeep: true })).toMatchObject({ actions: { done: 1 } });
  expect(await world.bodyOf(key)).toBe(body);
  await world.reconciler.undo(await lastActionId());
  expect(await world.bodyOf(key)).toBe(wrong);
});

test('looks for an object where its row says, even outside of images/', async () => {
  await addImages(12);
  await world.putObject('elsewhere/kept.png', 'kept');
  await world.putObject('elsewhere/not-ours.png', 'not ours');
  const insert = (id: string, key: string) =>
    world.pool.query(
      `INSERT INTO images (id, key, original_name, content_type, status, size_bytes, sha256)
       VALUES ($1, $2, 'a.png', 'image/png', 'stored', 4, 'aa')`,
      [id, key],
    );
  await insert(newImageId(), 'elsewhere/kept.png');
  await insert(newImageId(), 'zz/lost.png');
  const report = await check();
  expect(report.sample.map(({ key, class: found }) => [key, found])).toEqual([['zz/lost.png', 'missing']]);
  expect(report.counts.ok.count).toBe(13);
});

test.each([
  'images/a\u0001b',
  'images/x\uff5e\u{1f600}',
  'images/a b+c%2f&<>"\'',
  'images//x/../y',
  `images/${'k'.repeat(1017)}`,
])('quarantines an orphan with the key %j and brings it back', async (key) => {
  await addImages(3);
  await world.putObject(key, 'stray');
  await check();
  expect(await fix({ shouldCleanS3: true, graceMs: 0 })).toMatchObject({ status: 'Healthy', actions: { done: 1 } });
  await world.reconciler.undo(await lastActionId());
  expect(await world.bodyOf(key)).toBe('stray');
});

test('deletes no quarantined bytes that a row may need, and none of other keys than it was asked for', async () => {
  const [lost = '', kept = ''] = await addImages(4);
  await world.pool.query('DELETE FROM images WHERE key = ANY($1)', [[lost, kept]]);
  for (const key of [lost, kept]) await world.putObject(key, `only ${key}`, {}); // no metadata: no row to adopt
  world.keeper.kept.clear();
  await check();
  await fix({ shouldCleanS3: true, graceMs: 0 });
  expect(await world.keysUnder('quarantine/')).toHaveLength(2);
  await world.pool.query(
    `INSERT INTO images (id, key, original_name, content_type, status, size_bytes, sha256)
     SELECT $1, key, 'a.png', 'image/png', 'stored', $3, undo->>'sha256' FROM integrity_actions WHERE key = $2`,
    [newImageId(), lost, `only ${lost}`.length],
  );
  await world.pool.query("UPDATE integrity_actions SET expires_at = now() - interval '1 day'");

  await world.reconciler.run({ mode: 'repair', shouldCleanAll: true, keys: ['images/another'] });
  expect(await world.keysUnder('quarantine/')).toHaveLength(2);
  await fix({ shouldCleanAll: true, graceMs: 0 });
  expect(await world.bodyOf(lost)).toBe(`only ${lost}`);
  expect((await world.keysUnder('quarantine/')).filter((key) => key.endsWith(kept))).toEqual([]);
});

test('remembers keys that Postgres can not tell apart', async () => {
  const seen = [
    { key: 'images/a\u2400b', drift: 'orphan' },
    { key: 'images/a\u2400b', drift: 'orphan' },
  ] as const;
  const sightings = await recordSightings(world.pool, newImageId(), new Date(), seen);
  expect(sightings).toHaveLength(2);
});

test('undo of a restore leaves alone what was deleted since', async () => {
  const [key = ''] = await addImages(3);
  await world.putObject(key, 'damaged');
  await fix();
  const id = await lastActionId();
  await world.pool.query('DELETE FROM images WHERE key = $1', [key]);
  await world.removeObject(key);
  await expect(world.reconciler.undo(id)).rejects.toMatchObject({ code: 'ActionNotUndoable' });
  expect(await world.bodyOf(key)).toBeUndefined();
});
