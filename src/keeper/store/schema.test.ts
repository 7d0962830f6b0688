// How the database is opened is what P1 rests on. The power-cut tests show it on a simulated disk where a C compiler is;
// here the settings are looked at themselves.
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { assertFormat, createDatabase, formatVersion, openForReading, openForWriting } from './schema.ts';
import { temporaryFolder } from './store-fixture.ts';

// https://www.sqlite.org/pragma.html#pragma_synchronous, #pragma_auto_vacuum
const full = 2;
const incremental = 2;
const execute = DatabaseSync.prototype.exec;
afterEach(() => {
  DatabaseSync.prototype.exec = execute;
});

async function createStoreFile(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'store.db');
  createDatabase(file, { id: 'one', createdAt: 7 });
  return file;
}

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

test('P1: a commit is fsynced before it returns', async () => {
  using database = openForWriting(await createStoreFile());
  expect(pragma(database, 'synchronous')).toBe(full);
  expect(pragma(database, 'journal_mode')).toBe('wal');
});

test('P1: a new store is fsynced whole before it gets its name', async () => {
  let synchronous: unknown;
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === 'COMMIT') synchronous = pragma(this, 'synchronous');
    execute.call(this, sql);
  };
  const file = await createStoreFile();
  expect(synchronous).toBe(full);
  using database = openForReading(file);
  expect(pragma(database, 'auto_vacuum')).toBe(incremental);
  expect(database.prepare('SELECT * FROM store').get()).toEqual({ id: 'one', created_at: 7, session: null });
});

test('the log is moved into the file now and then, and cut back', async () => {
  using database = openForWriting(await createStoreFile());
  expect(pragma(database, 'wal_autocheckpoint')).toBe(4000);
  expect(pragma(database, 'journal_size_limit')).toBe(64 * 1024 ** 2);
});

test('a reader can change nothing', async () => {
  using database = openForReading(await createStoreFile());
  expect(() => database.exec('DELETE FROM store')).toThrow('readonly');
});

test.each([
  ['of another application', 'PRAGMA application_id = 1', 'KeeperStoreDamaged'],
  ['without a version', 'PRAGMA user_version = 0', 'KeeperStoreDamaged'],
  ['of a newer format', `PRAGMA user_version = ${formatVersion + 1}`, 'KeeperStoreTooNew'],
])('refuses a file %s, and leaves it as it is', async (_what, change, code) => {
  const file = await createStoreFile();
  using database = new DatabaseSync(file);
  database.exec(change);
  expect(() => assertFormat(database, file)).toThrow(expect.objectContaining({ code }));
  expect(() => openForWriting(file)).toThrow(expect.objectContaining({ code }));
  expect(pragma(database, 'journal_mode')).toBe('delete');
});
