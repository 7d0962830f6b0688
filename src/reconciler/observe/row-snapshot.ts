// Observe: the rows as a stream in key order, from one snapshot that is taken before the listing of S3 begins. The object
// of a stored row was in S3 by then. If the listing lacks it, it is gone and not merely late.
import type { ImageRow } from '../../shared/image.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import { type ImageRecord, imageColumns, toImageRow } from './image-rows.ts';

const rowsAFetch = 1000;

/**
 * All rows in key order from one snapshot, taken at the first `next()`; holds one connection and one page until it ends.
 * @throws KeepsakeError of Postgres: then only what came before is known.
 */
export async function* observeRows(pool: Pool): AsyncGenerator<ImageRow, void, void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asDatabaseError(error);
  });
  let isBroken = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await client.query(
      `DECLARE image_rows NO SCROLL CURSOR FOR SELECT ${imageColumns} FROM images ORDER BY key COLLATE "C"`,
    );
    for (;;) {
      const { rows } = await client.query<ImageRecord>(`FETCH ${rowsAFetch} FROM image_rows`);
      for (const record of rows) yield toImageRow(record);
      if (rows.length < rowsAFetch) return;
    }
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await client.query('ROLLBACK').catch(() => {
      isBroken = true; // the connection is gone, and the snapshot with it
    });
    client.release(isBroken);
  }
}
