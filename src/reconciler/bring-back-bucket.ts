// A bucket that is gone although rows refer to it: the keeper makes it anew, with its settings, when it puts an object
// back. So one object that a row asks for is restored, and the pass that follows finds what else is missing.
import type { KeeperClient } from '../shared/keeper-api.ts';
import type { Pool } from '../shared/postgres.ts';
import { assertBucket, type Bucket } from '../shared/s3.ts';
import { type ImageRecord, imageColumns, toImageRow } from './image-rows.ts';
import { restoreSources } from './means.ts';
import { readObjectBytes } from './object-bytes.ts';
import { hasBytesOf } from './restore.ts';
import { deleteForever } from './set-aside.ts';

const rowsTried = 10;

/** Has the keeper bring the bucket back; false when it holds nothing that a row asks for. @throws KeepsakeError */
export async function bringBackBucket(deps: {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient;
}): Promise<boolean> {
  const { pool, bucket, keeper } = deps;
  const { rows } = await pool.query<ImageRecord>(
    `SELECT ${imageColumns} FROM images WHERE status = 'stored' ORDER BY key LIMIT ${rowsTried}`,
  );
  for (const record of rows) {
    const sources = await restoreSources(deps, toImageRow(record));
    const kept = sources === 'unknown' ? undefined : sources.find(({ kind }) => kind === 'keeper');
    if (kept?.kind !== 'keeper') continue;
    await keeper.restore({ bucket: bucket.name, key: record.key, versionId: kept.versionId });
    await assertBucket(bucket);
    const row = toImageRow(record);
    if (!hasBytesOf(await readObjectBytes(bucket, row.key), row)) await deleteForever(bucket, row.key); // still kept
    return true;
  }
  return false;
}
