// Deletes the objects whose rows are gone (P6: row first, object after). An entry is claimed by moving its next attempt
// into the future: a worker that dies loses its claim, and another takes over. Deleting twice is harmless.
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { Logger } from '../../shared/logger.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';
import { deleteThumbnails } from '../thumbnails/delete-thumbnails.ts';

export interface OutboxDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly logger: Logger;
  readonly clock: () => Date;
}

const claimMs = 60_000;
const longestWaitMs = 300_000;
const batchSize = 20;

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly attempts: number;
}

/** Works off what is due, until nothing is, one fails, or `signal` says stop. An entry that fails waits longer each time. */
export async function workOffOutbox(deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    const entries = await claim(deps);
    const areDeleted = await Promise.all(entries.map((entry) => deleteObject(deps, entry, signal)));
    if (entries.length < batchSize || areDeleted.includes(false) || signal.aborted) return;
  }
}

/** How many objects wait to be deleted. @throws KeepsakeError of the database */
export async function countOutbox(pool: Pool): Promise<number> {
  try {
    const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox');
    return rows[0]?.count ?? 0;
  } catch (error) {
    throw asDatabaseError(error);
  }
}

async function claim({ pool, clock }: OutboxDeps): Promise<readonly Entry[]> {
  const now = clock();
  try {
    // A row that is back (an undo, a restore) owns its object again: then there is nothing to delete.
    await pool.query('DELETE FROM outbox USING images WHERE images.key = outbox.key');
    const { rows } = await pool.query<Entry>(
      `UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2
       WHERE id IN (SELECT id FROM outbox WHERE next_attempt_at <= $1 ORDER BY next_attempt_at
                    LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
       RETURNING id, key, attempts`,
      [now, new Date(now.getTime() + claimMs)],
    );
    return rows;
  } catch (error) {
    throw asDatabaseError(error);
  }
}

async function deleteObject(deps: OutboxDeps, entry: Entry, abortSignal: AbortSignal): Promise<boolean> {
  const { pool, bucket, logger, clock } = deps;
  try {
    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: entry.key }), { abortSignal });
    await deleteThumbnails(bucket, entry.key, abortSignal);
    await pool.query('DELETE FROM outbox WHERE id = $1', [entry.id]);
    return true;
  } catch (thrown) {
    const { message } = asS3Error(thrown, bucket.name);
    const waitMs = Math.min(1000 * 2 ** entry.attempts, longestWaitMs);
    const { key, attempts } = entry;
    logger.warn({ key, attempts, waitMs, reason: message }, 'an object could not be deleted');
    const nextAttempt = new Date(clock().getTime() + waitMs);
    await pool
      .query('UPDATE outbox SET last_error = $2, next_attempt_at = $3 WHERE id = $1', [entry.id, message, nextAttempt])
      .catch(() => {}); // the claim runs out by itself
    return false;
  }
}
