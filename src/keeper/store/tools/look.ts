// A look into a store's folder that changes nothing in it, beside a running keeper too: SQLite's WAL lets a reader see
// one state while the keeper writes the next. A folder without a store is refused, never made.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { KeepsakeError } from '../../../shared/errors.ts';
import { type Prepare, preparing } from '../prepared.ts';
import { assertFormat } from '../schema.ts';
import { asStoreError } from '../store-errors.ts';
import { StoreReader } from '../store-reader.ts';

export interface Look {
  readonly folder: string;
  readonly file: string;
  readonly database: DatabaseSync;
  readonly prepare: Prepare;
  readonly reader: StoreReader;
  close(): void;
}

/** @throws KeepsakeError `NotFound` where there is no store, `KeeperStoreDamaged`, `KeeperStoreTooNew`, `DataFolderUnusable` */
export function lookInto(given: string): Look {
  const folder = path.resolve(given);
  const file = path.join(folder, 'store.db');
  if (!existsSync(file)) throw noStore(folder);
  try {
    const database = openUnchanged(file);
    const prepare = preparing(database);
    return {
      folder,
      file,
      database,
      prepare,
      reader: new StoreReader(database, folder),
      close: () => database.close(),
    };
  } catch (error) {
    throw asStoreError(error, folder);
  }
}

/** All rows of a query with `id > ?` and `LIMIT ?` in this order, by pages: no read transaction stays open. */
export function* pagesById<T extends { readonly id: number }>(prepare: Prepare, sql: string): Generator<T, void, void> {
  let page: readonly T[];
  let last = 0;
  do {
    page = prepare(sql).all(last, pageRows) as unknown as T[]; // its shape is the schema's
    yield* page;
    last = page.at(-1)?.id ?? last;
  } while (page.length === pageRows);
}

const pageRows = 256;

function openUnchanged(file: string): DatabaseSync {
  try {
    return checked(new DatabaseSync(file, { readOnly: true, timeout: 5000 }), file);
  } catch (error) {
    // A volume that can't be written has no room for the index that readers share; then nobody else writes either.
    if (existsSync(`${file}-wal`) || !isCantOpen(error)) throw error;
    const url = pathToFileURL(file);
    url.search = 'immutable=1';
    return checked(new DatabaseSync(url, { readOnly: true }), file);
  }
}

function checked(database: DatabaseSync, file: string): DatabaseSync {
  try {
    assertFormat(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// https://www.sqlite.org/rescode.html: READONLY 8, CANTOPEN 14.
function isCantOpen(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && [8, 14].includes(errcode & 0xff);
}

function noStore(folder: string): KeepsakeError {
  return new KeepsakeError('NotFound', {
    what: `there is no keeper's store in ${folder}`,
    expected: 'a folder with store.db',
    remedy: 'Name the folder with --data, or in KEEPER_DATA.',
  });
}
