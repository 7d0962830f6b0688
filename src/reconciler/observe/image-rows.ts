// SQL on the table `images`. Each change names the whole row it expects, so that a row that changed since is left alone.
import type { PoolClient } from 'pg';
import type { ImageRow, ImageStatus } from '../../shared/image.ts';
import type { Pool } from '../../shared/postgres.ts';

/** The columns of a row, in the order of ImageRecord. */
export const imageColumns = 'id, key, title, original_name, content_type, size_bytes, sha256, status, uploaded_at';

/** A row as pg hands it out for `imageColumns`. */
export interface ImageRecord {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly original_name: string;
  readonly content_type: string;
  readonly size_bytes: string | null;
  readonly sha256: string | null;
  readonly status: ImageStatus;
  readonly uploaded_at: Date;
}

export function toImageRow(record: ImageRecord): ImageRow {
  return {
    id: record.id,
    key: record.key,
    title: record.title,
    originalName: record.original_name,
    contentType: record.content_type,
    sizeBytes: record.size_bytes === null ? null : Number(record.size_bytes),
    sha256: record.sha256,
    status: record.status,
    uploadedAt: record.uploaded_at,
  };
}

/** The rows of these keys. */
export async function findRows(pool: Pool, keys: readonly string[]): Promise<ReadonlyMap<string, ImageRow>> {
  const { rows } = await pool.query<ImageRecord>(`SELECT ${imageColumns} FROM images WHERE key = ANY($1)`, [keys]);
  return new Map(rows.map((record) => [record.key, toImageRow(record)]));
}

/** The row of a key, kept from being deleted until the transaction ends; its title may still change. */
export async function holdRow(client: PoolClient, key: string): Promise<ImageRow | null> {
  return lockedRow(client, key, 'FOR KEY SHARE');
}

/** The row of a key, locked until the transaction ends. */
export async function lockRow(client: PoolClient, key: string): Promise<ImageRow | null> {
  return lockedRow(client, key, 'FOR UPDATE');
}

async function lockedRow(client: PoolClient, key: string, lock: string): Promise<ImageRow | null> {
  const { rows } = await client.query<ImageRecord>(`SELECT ${imageColumns} FROM images WHERE key = $1 ${lock}`, [key]);
  return rows[0] ? toImageRow(rows[0]) : null;
}

/** Inserts a row; false when its id or key is taken. */
export async function insertRow(client: PoolClient, row: ImageRow): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO images (${imageColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
    [
      row.id,
      row.key,
      row.title,
      row.originalName,
      row.contentType,
      row.sizeBytes,
      row.sha256,
      row.status,
      row.uploadedAt,
    ],
  );
  return rowCount === 1;
}

const isSameRow =
  'id = $1 AND key = $2 AND title = $3 AND status = $4 AND size_bytes IS NOT DISTINCT FROM $5 AND sha256 IS NOT DISTINCT FROM $6';

const identityOf = (row: ImageRow) => [row.id, row.key, row.title, row.status, row.sizeBytes, row.sha256];

/** Deletes a row if it is still this one. */
export async function deleteRow(client: PoolClient, row: ImageRow): Promise<boolean> {
  const { rowCount } = await client.query(`DELETE FROM images WHERE ${isSameRow}`, identityOf(row));
  return rowCount === 1;
}

/** Gives a row another status, size and checksum, if it is still `before`. */
export async function updateRow(client: PoolClient, before: ImageRow, after: ImageRow): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE images SET status = $7, size_bytes = $8, sha256 = $9 WHERE ${isSameRow}`,
    [...identityOf(before), after.status, after.sizeBytes, after.sha256],
  );
  return rowCount === 1;
}
