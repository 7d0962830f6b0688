// Lists the contents of a store, in numbers and names. Reads records only, no bodies; changes nothing.
import { existsSync, statSync } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StoreCounts } from '../contract.ts';
import { isFolderInUse } from '../folder-lock.ts';
import type { Prepare } from '../prepared.ts';
import { formatVersion } from '../schema.ts';
import { asStoreError } from '../store-errors.ts';
import { type Look, lookInto } from './look.ts';

export interface NamedObject {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly savedAt: string;
}

export interface BucketOverview {
  readonly bucket: string;
  readonly objects: number;
  readonly bytes: number;
  readonly retired: number;
  readonly retiredBytes: number;
  readonly uploads: number;
}

export interface FolderSize {
  readonly files: number;
  readonly bytes: number;
}

/** Times are ISO 8601, sizes bytes. */
export interface StoreOverview {
  readonly folder: string;
  readonly format: number;
  /** The format that this release writes. */
  readonly formatOfRelease: number;
  readonly storeId: string;
  readonly createdAt: string;
  /** The emulator's session that the store agrees with; null: none yet. */
  readonly session: string | null;
  readonly isInUse: boolean;
  readonly counts: StoreCounts;
  readonly buckets: readonly BucketOverview[];
  readonly uploads: { readonly uploads: number; readonly parts: number; readonly bytes: number };
  readonly damaged: number;
  readonly biggest: readonly NamedObject[];
  readonly newest: readonly NamedObject[];
  readonly database: {
    readonly bytes: number;
    readonly logBytes: number;
    /** About how many bytes of it `keeper compact` would give back. */
    readonly freeBytes: number;
  };
  readonly bodies: FolderSize;
  /** Being received now, or left over from a crash. */
  readonly incoming: FolderSize;
}

/** @throws KeepsakeError what `lookInto` throws */
export async function inspectStore(folder: string): Promise<StoreOverview> {
  const look = lookInto(folder);
  try {
    const { reader, prepare } = look;
    const { id, createdAt } = reader.identity();
    return {
      folder: look.folder,
      format: pragma(prepare, 'user_version'),
      formatOfRelease: formatVersion,
      storeId: id,
      createdAt: new Date(createdAt).toISOString(),
      session: reader.session(),
      isInUse: isFolderInUse(look.folder),
      counts: reader.counts(),
      buckets: bucketsOf(prepare),
      uploads: one(
        prepare,
        `SELECT (SELECT count(*) FROM uploads) AS uploads, count(*) AS parts, ifnull(sum(size), 0) AS bytes FROM parts`,
      ),
      damaged: reader.damaged().length,
      biggest: named(prepare, 'size DESC, id'),
      newest: named(prepare, 'id DESC'),
      database: databaseSize(look),
      bodies: await folderSize(path.join(look.folder, 'bodies')),
      incoming: await folderSize(path.join(look.folder, 'incoming')),
    };
  } catch (error) {
    throw asStoreError(error, look.folder);
  } finally {
    look.close();
  }
}

function bucketsOf(prepare: Prepare): readonly BucketOverview[] {
  const isCurrent = 'retired_at IS NULL AND damage IS NULL';
  const isRetired = 'retired_at IS NOT NULL AND damage IS NULL';
  return prepare(
    `SELECT names.bucket,
       count(*) FILTER (WHERE id IS NOT NULL AND ${isCurrent}) AS objects,
       ifnull(sum(size) FILTER (WHERE ${isCurrent}), 0) AS bytes,
       count(*) FILTER (WHERE ${isRetired}) AS retired,
       ifnull(sum(size) FILTER (WHERE ${isRetired}), 0) AS retiredBytes,
       (SELECT count(*) FROM uploads WHERE uploads.bucket = names.bucket) AS uploads
     FROM (SELECT bucket FROM buckets UNION SELECT bucket FROM versions) AS names
     LEFT JOIN versions ON versions.bucket = names.bucket
     GROUP BY names.bucket ORDER BY names.bucket`,
  ).all() as unknown as BucketOverview[];
}

function named(prepare: Prepare, order: 'size DESC, id' | 'id DESC'): readonly NamedObject[] {
  const rows = prepare(
    `SELECT bucket, key, size, saved_at FROM versions WHERE retired_at IS NULL AND damage IS NULL
     ORDER BY ${order} LIMIT 5`,
  ).all() as unknown as { bucket: string; key: string; size: number; saved_at: number }[];
  return rows.map(({ bucket, key, size, saved_at }) => {
    return { bucket, key, sizeBytes: size, savedAt: new Date(saved_at).toISOString() };
  });
}

function databaseSize({ file, prepare }: Look): StoreOverview['database'] {
  const log = `${file}-wal`;
  return {
    bytes: pragma(prepare, 'page_count') * pragma(prepare, 'page_size'),
    logBytes: existsSync(log) ? statSync(log).size : 0,
    freeBytes: pragma(prepare, 'freelist_count') * pragma(prepare, 'page_size'),
  };
}

/** Files in a folder, by size. None when there is no such folder; what goes meanwhile is not counted. */
export async function folderSize(folder: string): Promise<FolderSize> {
  let [files, bytes] = [0, 0];
  if (!existsSync(folder)) return { files, bytes };
  for await (const entry of await opendir(folder)) {
    const size = await stat(path.join(folder, entry.name)).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) continue;
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}

function pragma(prepare: Prepare, name: 'user_version' | 'page_count' | 'page_size' | 'freelist_count'): number {
  return Number(prepare(`PRAGMA ${name}`).get()?.[name]);
}

function one<T>(prepare: Prepare, sql: string): T {
  return prepare(sql).get() as T; // its shape is the query's
}
