// Ends uploads whose process died (P6): finished when the object is whole, else given up. Only uploads without a sign of
// life for the grace; when S3 can't say whether the object is there, nothing is decided (P8).
import { asKeepsakeError } from '../../shared/errors.ts';
import { fromObjectMetadata, type ImageRow } from '../../shared/image.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import { abortMultiparts } from './object-writer.ts';
import type { OutboxDeps } from './outbox.ts';
import { discardPending, findStale, markStored } from './rows.ts';

const batchSize = 100;

/** One round over the oldest stale uploads; says whether any was given up, so that its object can go. */
export async function reapUploads(
  deps: OutboxDeps & { readonly uploadGraceMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { pool, bucket, logger, clock, uploadGraceMs } = deps;
  const staleBefore = new Date(clock().getTime() - uploadGraceMs);
  let hasDiscarded = false;
  for (const row of await findStale(pool, staleBefore, batchSize)) {
    try {
      if (await isWhole(bucket, row, signal)) {
        await markStored(pool, row.id);
        logger.info({ key: row.key }, 'finished an upload whose process had died');
      } else {
        await abortMultiparts(bucket, row.key);
        if (!(await discardPending(pool, row.id, staleBefore))) continue; // it showed life after all
        hasDiscarded = true;
        logger.info({ key: row.key }, 'gave up an upload whose process had died');
      }
    } catch (error) {
      const { code, message, status } = asKeepsakeError(error);
      logger.warn({ key: row.key, code, reason: message }, 'an upload could not be ended yet');
      if (status === 503) break; // S3 or Postgres is away: the others would not fare better
    }
  }
  return hasDiscarded;
}

// The row is told what the body came to before the object appears, and S3 shows an object whole or not at all. So an
// object of that size under that key is that body. Its own metadata must not contradict.
async function isWhole(bucket: Bucket, { key, sizeBytes, sha256 }: ImageRow, signal: AbortSignal): Promise<boolean> {
  if (sizeBytes === null || sha256 === null) return false;
  const found = await headObject(bucket, key, signal);
  if (found.kind === 'absent' || found.head.ContentLength !== sizeBytes) return false;
  const stated = fromObjectMetadata(found.head.Metadata ?? {}).sha256;
  return stated === undefined || stated === sha256;
}
