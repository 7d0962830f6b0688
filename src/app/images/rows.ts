// The rows of images, in SQL. P6: a row is `pending` until its object is whole; readers see only `stored` ones. While
// pending, `uploaded_at` is the upload's last sign of life: its process keeps renewing it, and whoever ends uploads that
// died (the reaper, the reconciler) goes by its age.
import type { QueryResultRow } from 'pg';
import type { ImageRow, ImageType } from '../../shared/image.ts';
import { asDatabaseError, inTransaction, type Pool, type PoolClient } from '../../shared/postgres.ts';
import type { Place } from './cursor.ts';
import type { StoredFacts, StoredImage } from './image-json.ts';
import type { ImageFacts } from './inspect/facts.ts';

export interface PendingImage {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly originalName: string;
  readonly contentType: ImageType;
  readonly uploadedAt: Date;
}

/** The facts about a body once it has passed and was decoded: its size, its SHA-256 in hex, its pixels. */
export interface BodyFacts extends ImageFacts {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Commits the row that an upload begins with. `facts` when the body is known before its object. */
export async function insertPending(pool: Pool, image: PendingImage, facts?: BodyFacts): Promise<void> {
  const { id, key, title, originalName, contentType, uploadedAt } = image;
  await query(
    pool,
    `INSERT INTO images (id, key, title, original_name, content_type, uploaded_at, status, ${factColumns})
     VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10, $11, $12, $13)`,
    [id, key, title, originalName, contentType, uploadedAt, ...factValues(facts)],
  );
}

/** Writes down what the body came to, before the object appears: so that who finds it can tell that it is whole. */
export async function describePending(pool: Pool, id: string, described: BodyFacts & { title: string }): Promise<void> {
  await query(pool, `UPDATE images SET title = $2, (${factColumns}) = ($3, $4, $5, $6, $7, $8, $9) WHERE id = $1`, [
    id,
    described.title,
    ...factValues(described),
  ]);
}

/** Makes the image visible. Undefined when the row is gone: the upload was given up by another. */
export async function markStored(pool: Pool, id: string): Promise<StoredImage | undefined> {
  const rows = await query(pool, `UPDATE images SET status = 'stored' WHERE id = $1 RETURNING ${columns}`, [id]);
  return rows.map(toStored)[0];
}

/** A sign of life of uploads that are under way. */
export async function renewPending(pool: Pool, ids: readonly string[], now: Date): Promise<void> {
  await query(pool, `UPDATE images SET uploaded_at = $2 WHERE id = ANY($1) AND status = 'pending'`, [ids, now]);
}

/** Uploads without a sign of life since `before`, oldest first. */
export async function findStale(pool: Pool, before: Date, limit: number): Promise<ImageRow[]> {
  const rows = await query(
    pool,
    `SELECT ${columns} FROM images WHERE status = 'pending' AND uploaded_at < $1 ORDER BY uploaded_at LIMIT $2`,
    [before, limit],
  );
  return rows.map(toRow);
}

/** Gives an upload up: its row goes, its object follows through the outbox. `staleBefore`: only without a sign of life since. */
export async function discardPending(pool: Pool, id: string, staleBefore?: Date): Promise<boolean> {
  return removeRow(pool, `id = $1 AND status = 'pending' AND ($2::timestamptz IS NULL OR uploaded_at < $2)`, [
    id,
    staleBefore ?? null,
  ]);
}

/** Deletes an image: the row now, the object after, through the outbox. False when there is none. */
export async function deleteStored(pool: Pool, id: string): Promise<boolean> {
  return removeRow(pool, `id = $1 AND status = 'stored'`, [id]);
}

/** Has an object deleted that no row names: what is left when an upload was given up while it went on. */
export async function deleteObjectLater(pool: Pool, key: string): Promise<void> {
  await query(pool, `INSERT INTO outbox (action, key) VALUES ('delete-object', $1)`, [key]);
}

async function removeRow(pool: Pool, condition: string, values: unknown[]): Promise<boolean> {
  const keys = await inTransaction(pool, async (client) => {
    const rows = await query(client, `DELETE FROM images WHERE ${condition} RETURNING key`, values);
    for (const { key } of rows)
      await query(client, `INSERT INTO outbox (action, key) VALUES ('delete-object', $1)`, [key]);
    return rows;
  }).catch((error: unknown) => {
    throw asDatabaseError(error);
  });
  return keys.length > 0;
}

export async function findStored(pool: Pool, id: string): Promise<StoredImage | undefined> {
  const rows = await query(pool, `SELECT ${columns} FROM images WHERE id = $1 AND status = 'stored'`, [id]);
  return rows.map(toStored)[0];
}

export async function findStoredByKey(pool: Pool, key: string): Promise<StoredImage | undefined> {
  const rows = await query(pool, `SELECT ${columns} FROM images WHERE key = $1 AND status = 'stored'`, [key]);
  return rows.map(toStored)[0];
}

/** Undefined when there is no such image. */
export async function retitle(pool: Pool, id: string, title: string): Promise<StoredImage | undefined> {
  const rows = await query(
    pool,
    `UPDATE images SET title = $2 WHERE id = $1 AND status = 'stored' RETURNING ${columns}`,
    [id, title],
  );
  return rows.map(toStored)[0];
}

/** Up to `limit` images after `place`, newest first; `last` is the place after them, undefined at the end. */
export async function listStored(
  pool: Pool,
  options: { readonly limit: number; readonly after: Place | undefined },
): Promise<{ readonly images: readonly StoredImage[]; readonly last: Place | undefined }> {
  const { limit, after } = options;
  const rows = await query(
    pool,
    `SELECT ${columns}, to_char(uploaded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS place
     FROM images
     WHERE status = 'stored' ${after ? 'AND (uploaded_at, id) < ($2::timestamptz, $3::uuid)' : ''}
     ORDER BY uploaded_at DESC, id DESC
     LIMIT $1`,
    after ? [limit + 1, after.uploadedAt, after.id] : [limit + 1],
  );
  const page = rows.slice(0, limit);
  const lastRow = rows.length > limit ? page.at(-1) : undefined;
  return { images: page.map(toStored), last: lastRow && { uploadedAt: lastRow.place, id: lastRow.id } };
}

const factColumns = 'size_bytes, sha256, width, height, orientation, frames, placeholder';
const columns = `id, key, title, original_name, content_type, status, uploaded_at, ${factColumns}`;

/** In the order of `factColumns`. */
function factValues(facts: BodyFacts | undefined): unknown[] {
  const { sizeBytes, sha256, width, height, orientation, frames, placeholder } = facts ?? ({} as Partial<BodyFacts>);
  return [sizeBytes, sha256, width, height, orientation, frames, placeholder].map((value) => value ?? null);
}

async function query(db: Pool | PoolClient, text: string, values: unknown[]): Promise<QueryResultRow[]> {
  try {
    return (await db.query(text, values)).rows;
  } catch (error) {
    throw asDatabaseError(error);
  }
}

function toRow(row: QueryResultRow): ImageRow & StoredFacts {
  return {
    id: row.id,
    key: row.key,
    title: row.title,
    originalName: row.original_name,
    contentType: row.content_type,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes), // bigint comes as text
    sha256: row.sha256,
    status: row.status,
    uploadedAt: row.uploaded_at,
    width: row.width,
    height: row.height,
    orientation: row.orientation,
    frames: row.frames,
    placeholder: row.placeholder,
  };
}

function toStored(row: QueryResultRow): StoredImage {
  return { ...toRow(row), sizeBytes: Number(row.size_bytes), sha256: row.sha256 };
}
