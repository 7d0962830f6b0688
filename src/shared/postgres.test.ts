import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { silentLogger } from './logger.ts';
import { createPool, inTransaction, migrate, type Pool, runLock, withAdvisoryLock } from './postgres.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await Promise.all([migrate(database.url, silentLogger()), migrate(database.url, silentLogger())]);
  pool = createPool(database.url, { logger: silentLogger() });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('two starts at once bring the schema once', async () => {
  const { rows } = await pool.query('SELECT name FROM schema_migrations ORDER BY id');
  expect(rows.map((row) => row.name)).toEqual(['0001_images', '0002_integrity', '0003_image-facts']);
});

test('lets one holder work, and the next after it', async () => {
  const inner = await withAdvisoryLock(pool, runLock, () => withAdvisoryLock(pool, runLock, async () => 'second'));
  expect(inner).toEqual({ value: undefined });
  expect(await withAdvisoryLock(pool, runLock, async () => 'later')).toEqual({ value: 'later' });
});

test('rolls back what a failing transaction wrote', async () => {
  const failing = inTransaction(pool, async (client) => {
    await client.query("INSERT INTO outbox (action, key) VALUES ('delete-object', 'images/x')");
    throw new Error('stop');
  });
  await expect(failing).rejects.toThrow('stop');
  expect((await pool.query('SELECT 1 FROM outbox')).rowCount).toBe(0);
});

test('says what to do when the password is wrong', async () => {
  const url = new URL(database.url);
  url.password = 'wrong';
  url.username = 'nobody';
  await expect(migrate(url.href, silentLogger())).rejects.toMatchObject({ code: 'DatabaseAccessDenied' });
});
