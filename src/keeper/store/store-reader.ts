// The store's reading connection, on the main thread: it sees every commit that has resolved. Each method is one short
// query; what yields many rows does so by pages, so that no read transaction stays open and memory stays flat.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { KeepsakeError } from '../../shared/errors.ts';
import type { Segment } from './body-reader.ts';
import type { DamagedEntry, StoreCounts } from './contract.ts';
import { type Prepare, preparing } from './prepared.ts';
import type { BucketRow, PartRow, UploadRow, VersionRow } from './rows.ts';
import { asStoreError } from './store-errors.ts';

const pageRows = 256;

export interface VersionPlace {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
}

/** The answer of `versionWithBytes`. */
export interface VersionWithBytes extends VersionRow {
  readonly body: number;
  readonly checks: Uint8Array;
  readonly inline: Uint8Array;
}

/** The answer of `state`. */
export interface StateRow {
  readonly id: number;
  readonly row_check: number;
  readonly bucket_check: number;
}

export class StoreReader {
  readonly #database: DatabaseSync;
  readonly #prepare: Prepare;
  readonly #folder: string;

  constructor(database: DatabaseSync, folder: string) {
    this.#database = database;
    this.#prepare = preparing(database);
    this.#folder = folder;
  }

  close(): void {
    this.#database.close();
  }

  identity(): { readonly id: string; readonly createdAt: number } {
    const row = this.#one<{ id: string; created_at: number }>('SELECT id, created_at FROM store');
    return { id: String(row?.id), createdAt: Number(row?.created_at) };
  }

  session(): string | null {
    return this.#one<{ session: string | null }>('SELECT session FROM store')?.session ?? null;
  }

  counts(): StoreCounts {
    const row = this.#one<Record<string, number>>('SELECT *, (SELECT count(*) FROM buckets) AS buckets FROM totals');
    const { buckets = 0, objects = 0, bytes = 0, retired = 0, retired_bytes: retiredBytes = 0 } = row ?? {};
    return { buckets, objects, bytes, retired, retiredBytes };
  }

  /** How many transactions the store has counted. */
  commits(): number {
    return this.#one<{ commits: number }>('SELECT commits FROM totals')?.commits ?? 0;
  }

  damaged(): readonly (DamagedEntry & { readonly id: number })[] {
    return this.#all(
      'SELECT id, bucket, key, damage AS reason FROM versions WHERE damage IS NOT NULL ORDER BY bucket, key',
    );
  }

  /** Why the current version of a key is set aside. */
  damageOf(bucket: string, key: string): string | undefined {
    return this.#one<{ damage: string }>(
      'SELECT damage FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NOT NULL',
      bucket,
      key,
    )?.damage;
  }

  /** Whether a version is that of its key now, set aside or not. */
  isCurrent(id: number): boolean {
    return this.#one('SELECT 1 FROM versions WHERE id = ? AND retired_at IS NULL', id) !== undefined;
  }

  buckets(): readonly BucketRow[] {
    return this.#all('SELECT * FROM buckets ORDER BY bucket');
  }

  /** The current version of a key that is not set aside. */
  current(bucket: string, key: string): VersionRow | undefined {
    return this.#one(
      'SELECT * FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NULL',
      bucket,
      key,
    );
  }

  /** As `current`, but only what tells one state from another: the checks cover all that is set on object and bucket. */
  state(bucket: string, key: string): StateRow | undefined {
    return this.#one(
      `SELECT id, versions.row_check, buckets.row_check AS bucket_check FROM versions JOIN buckets USING (bucket)
       WHERE bucket = ? AND key = ? AND retired_at IS NULL AND damage IS NULL`,
      bucket,
      key,
    );
  }

  /**
   * All current versions, of one bucket if given, by bucket and key in UTF-8 byte order. Those whose page of the
   * database is damaged are told to `onUnreadable` and left out.
   */
  *allCurrent(
    bucket: string | undefined,
    onUnreadable: (entry: VersionPlace) => void,
  ): Generator<VersionRow, void, void> {
    let page: readonly VersionPlace[];
    let last = { bucket: bucket ?? '', key: '' };
    do {
      page = this.#placesAfter(last, bucket);
      for (const place of page) {
        const row = this.#readable(place, onUnreadable);
        if (row) yield row;
      }
      last = page.at(-1) ?? last;
    } while (page.length === pageRows);
  }

  /** The retired versions of a key that are not set aside, newest first. */
  retired(bucket: string, key: string): readonly VersionRow[] {
    return this.#all(
      `SELECT * FROM versions WHERE bucket = ? AND key = ? AND retired_at IS NOT NULL AND damage IS NULL
       ORDER BY id DESC`,
      bucket,
      key,
    );
  }

  /** A version, current or retired, that is not set aside. */
  version(id: number): VersionRow | undefined {
    return this.#one('SELECT * FROM versions WHERE id = ? AND damage IS NULL', id);
  }

  /** As `version`, with the first of its bodies, if that stands in the database. One query: small objects are read often. */
  versionWithBytes(id: number): VersionWithBytes | undefined {
    return this.#one(
      `SELECT versions.*, body, checks, inline FROM versions
       JOIN segments ON segments.version = versions.id JOIN bodies ON bodies.id = segments.body
       WHERE versions.id = ? AND damage IS NULL AND inline IS NOT NULL ORDER BY position`,
      id,
    );
  }

  uploads(): readonly UploadRow[] {
    return this.#all('SELECT * FROM uploads ORDER BY created_at, upload_id');
  }

  upload(uploadId: string): UploadRow | undefined {
    return this.#one('SELECT * FROM uploads WHERE upload_id = ?', uploadId);
  }

  parts(uploadId: string): readonly PartRow[] {
    return this.#all('SELECT * FROM parts WHERE upload_id = ? ORDER BY part_number', uploadId);
  }

  segmentsOfVersion(versionId: number): readonly Segment[] {
    return this.#all(
      `SELECT body, size AS sizeBytes, checks, file FROM segments JOIN bodies ON bodies.id = segments.body
       WHERE version = ? ORDER BY position`,
      versionId,
    );
  }

  segmentOfPart(uploadId: string, partNumber: number): Segment | undefined {
    return this.#one(
      `SELECT body, bodies.size AS sizeBytes, checks, file FROM parts JOIN bodies ON bodies.id = parts.body
       WHERE upload_id = ? AND part_number = ?`,
      uploadId,
      partNumber,
    );
  }

  inlineBytes(body: number): Uint8Array | undefined {
    return (
      this.#one<{ inline: Uint8Array | null }>('SELECT inline FROM bodies WHERE id = ?', body)?.inline ?? undefined
    );
  }

  /** Names of all body files that the store knows, by pages. */
  *bodyFiles(): Generator<{ readonly body: number; readonly file: string }, void, void> {
    const sql = 'SELECT id AS body, file FROM bodies WHERE id > ? AND file IS NOT NULL ORDER BY id LIMIT ?';
    let page: readonly { body: number; file: string }[];
    let last = 0;
    do {
      page = this.#all(sql, last, pageRows);
      yield* page;
      last = page.at(-1)?.body ?? last;
    } while (page.length === pageRows);
  }

  versionsWithBody(body: number): readonly VersionRow[] {
    return this.#all(
      'SELECT * FROM versions WHERE damage IS NULL AND id IN (SELECT version FROM segments WHERE body = ?)',
      body,
    );
  }

  partsWithBody(body: number): readonly { readonly upload_id: string; readonly part_number: number }[] {
    return this.#all('SELECT upload_id, part_number FROM parts WHERE body = ?', body);
  }

  // From the index alone, so that a damaged page of the table hides no more than its own rows.
  #placesAfter(last: { bucket: string; key: string }, bucket: string | undefined): readonly VersionPlace[] {
    const select = 'SELECT id, bucket, key FROM versions WHERE retired_at IS NULL AND damage IS NULL AND';
    return bucket === undefined
      ? this.#all(`${select} (bucket, key) > (?, ?) ORDER BY bucket, key LIMIT ?`, last.bucket, last.key, pageRows)
      : this.#all(`${select} bucket = ? AND key > ? ORDER BY key LIMIT ?`, bucket, last.key, pageRows);
  }

  // Undefined also when the key was deleted since its page was read.
  #readable({ id, bucket, key }: VersionPlace, onUnreadable: (entry: VersionPlace) => void): VersionRow | undefined {
    try {
      return this.current(bucket, key);
    } catch (error) {
      if (!(error instanceof KeepsakeError && error.code === 'KeeperStoreDamaged')) throw error;
      onUnreadable({ id, bucket, key });
      return undefined;
    }
  }

  // The casts are where rows enter: their shape is the schema's (schema.ts), and STRICT tables keep the types.
  #one<T>(sql: string, ...parameters: readonly SQLInputValue[]): T | undefined {
    return this.#asking(() => this.#prepare(sql).get(...parameters) as T | undefined);
  }

  #all<T>(sql: string, ...parameters: readonly SQLInputValue[]): readonly T[] {
    return this.#asking(() => this.#prepare(sql).all(...parameters) as unknown as T[]);
  }

  #asking<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw asStoreError(error, this.#folder);
    }
  }
}
