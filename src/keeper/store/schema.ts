// The store's format on disk, version 1, and what it promises. This file alone defines it.
//
// - <folder>/store.db       SQLite, WAL, synchronous=FULL: all records, and bodies up to `inlineBytes`
// - <folder>/bodies/<uuid>  one larger body each; never changed once it is here. It is written under incoming/, fsynced
//                           and renamed to here; this folder is fsynced, and only then does a commit name the body
// - <folder>/incoming/      bodies being received; a start removes any that it finds here
// - <folder>/intents.log    changes under way (see intents.ts); outlives a killed process, not a power cut
// - <folder>/lock.db        empty; the process that has the store open holds its SQLite lock
//
// - A state is what store.db says. A file in bodies/ that no row names is left over from a crash, and removed at a start.
// - store.db appears by a rename when it is whole: an empty, cut or foreign file is damage, never a new store.
// - `application_id` is 'KEEP', `user_version` is the format's version. A newer one is refused, and nothing is changed.
// - A version is one state of a key. Its bytes are its segments, in order; a segment is a whole body, and bodies are
//   shared (copies, completed uploads). A body lives as long as a segment or a part names it.
// - Each body carries one CRC-32 for each block of 256 KiB (big-endian, 4 bytes each): a range is verified without
//   reading the rest. CRC-32 because the enemy is a bad disk, not a forger, and zlib does 6 GB/s of it here.
// - Each bucket, version, upload and part carries a CRC-32 of its row (rows.ts). A version's covers the ids of its
//   bodies, so no other's bytes are ever taken for its own. A version that fails a check gets `damage`, the reason, and
//   is set aside: not served, not counted, never deleted for it. The next write to its key drops it.
// - `totals` is kept by triggers, in the transaction that changes what they count. `commits` counts the transactions;
//   intents.log holds the last count that was acknowledged. SQLite drops a damaged end of its log without a word, and a
//   file restored from a backup may be older. In both cases store.db has counted fewer, and the difference is named.
import { DatabaseSync } from 'node:sqlite';
import { KeepsakeError } from '../../shared/errors.ts';

export const formatVersion = 1;
/** 'KEEP' in ASCII: marks the file as ours. */
const applicationId = 0x4b454550;

const isCounted = (row: 'NEW' | 'OLD', state: 'IS NULL' | 'IS NOT NULL'): string =>
  `(${row}.retired_at ${state} AND ${row}.damage IS NULL)`;

const count = (row: 'NEW' | 'OLD', sign: '+' | '-'): string => `
  UPDATE totals SET
    objects = objects ${sign} ${isCounted(row, 'IS NULL')},
    bytes = bytes ${sign} ${row}.size * ${isCounted(row, 'IS NULL')},
    retired = retired ${sign} ${isCounted(row, 'IS NOT NULL')},
    retired_bytes = retired_bytes ${sign} ${row}.size * ${isCounted(row, 'IS NOT NULL')};`;

const schema = `
  CREATE TABLE store (id TEXT NOT NULL, created_at INTEGER NOT NULL, session TEXT) STRICT;
  CREATE TABLE totals (
    objects INTEGER NOT NULL, bytes INTEGER NOT NULL, retired INTEGER NOT NULL, retired_bytes INTEGER NOT NULL,
    commits INTEGER NOT NULL
  ) STRICT;
  INSERT INTO totals VALUES (0, 0, 0, 0, 0);

  CREATE TABLE buckets (
    bucket TEXT PRIMARY KEY, headers TEXT NOT NULL, body BLOB NOT NULL, settings TEXT NOT NULL,
    created_at INTEGER NOT NULL, row_check INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT here and below: an id is never used twice.
  CREATE TABLE bodies (
    id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, checks BLOB NOT NULL,
    file TEXT,  -- name in bodies/; NULL when the bytes are in \`inline\`
    inline BLOB
  ) STRICT;

  CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,
    saved_at INTEGER NOT NULL, record TEXT NOT NULL, row_check INTEGER NOT NULL,
    retired_at INTEGER, cause TEXT, damage TEXT
  ) STRICT;
  CREATE UNIQUE INDEX versions_current ON versions (bucket, key) WHERE retired_at IS NULL AND damage IS NULL;
  CREATE INDEX versions_retired ON versions (bucket, key, id) WHERE retired_at IS NOT NULL;
  CREATE INDEX versions_expiring ON versions (retired_at, id) WHERE retired_at IS NOT NULL;
  CREATE INDEX versions_damaged ON versions (bucket, key) WHERE damage IS NOT NULL;

  CREATE TABLE segments (
    version INTEGER NOT NULL, position INTEGER NOT NULL, body INTEGER NOT NULL, PRIMARY KEY (version, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segments_body ON segments (body);

  CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, upstream_upload_id TEXT NOT NULL,
    headers TEXT NOT NULL, created_at INTEGER NOT NULL, row_check INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE parts (
    upload_id TEXT NOT NULL, part_number INTEGER NOT NULL, body INTEGER NOT NULL, size INTEGER NOT NULL,
    etag TEXT NOT NULL, headers TEXT NOT NULL, row_check INTEGER NOT NULL, PRIMARY KEY (upload_id, part_number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX parts_body ON parts (body);

  CREATE TRIGGER count_inserted AFTER INSERT ON versions BEGIN ${count('NEW', '+')} END;
  CREATE TRIGGER count_deleted AFTER DELETE ON versions BEGIN ${count('OLD', '-')} END;
  CREATE TRIGGER count_changed AFTER UPDATE OF retired_at, damage, size ON versions
    BEGIN ${count('OLD', '-')} ${count('NEW', '+')} END;
`;

/** Writes a new, empty store to `file`, which must not exist; on disk when this returns (the folder's entry aside). */
export function createDatabase(file: string, identity: { readonly id: string; readonly createdAt: number }): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; BEGIN');
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion};`);
    database.exec(schema);
    database.prepare('INSERT INTO store VALUES (?, ?, NULL)').run(identity.id, identity.createdAt);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/**
 * Opens the store for writing, and replays its log.
 * @throws KeepsakeError `KeeperStoreTooNew`, `KeeperStoreDamaged`; errors of SQLite as they come
 */
export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: false });
  try {
    assertFormat(database, file);
    // The checkpoint that moves the log into the file comes every 16 MB: a commit waits for it seldom. After a burst the
    // log is cut back to 64 MB.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
    database.exec('PRAGMA journal_size_limit = 67108864');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a second connection that only reads: it sees each commit from the moment the commit returned. */
export function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: 5000 });
}

/** @throws KeepsakeError `KeeperStoreDamaged` for a file that is no store, `KeeperStoreTooNew` */
export function assertFormat(database: DatabaseSync, file: string): void {
  const pragma = (name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name];
  if (pragma('application_id') !== applicationId) {
    throw new KeepsakeError('KeeperStoreDamaged', {
      what: `${file} is not a keeper's store`,
      expected: `a SQLite file with application_id ${applicationId}`,
      got: `${pragma('application_id')}`,
      remedy: 'Name another folder in KEEPER_DATA, or put back the right file from a backup.',
    });
  }
  const version = Number(pragma('user_version'));
  if (version > formatVersion) {
    throw new KeepsakeError('KeeperStoreTooNew', {
      what: `${file} was written by a newer Keepsake`,
      expected: `format ${formatVersion} or older`,
      got: `format ${version}`,
      remedy: 'Start the newer Keepsake again, or name another folder in KEEPER_DATA.',
    });
  }
  if (version < 1) {
    throw new KeepsakeError('KeeperStoreDamaged', {
      what: `${file} has no format version`,
      remedy: 'Put it back from a backup, or move the folder away to begin with an empty store.',
    });
  }
}
