// Brings back a bucket that is gone although rows refer to it. The keeper makes it anew, with its settings, when it puts
// an object back. So one object that a row asks for is restored; the pass that follows finds the rest.
import type { ImageRow } from '../../shared/image.ts';
import type { KeeperClient } from '../../shared/keeper-api.ts';
import type { Pool } from '../../shared/postgres.ts';
import { assertBucket, type Bucket } from '../../shared/s3/client.ts';
import { type ImageRecord, imageColumns, toImageRow } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { restoreSources } from '../plan/means.ts';
import { deleteForever, hasBytesOf } from './set-aside.ts';

const rowsTried = 10;

interface BucketDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient;
}

/** A row, and the version of its object in the keeper with which the bucket comes back. */
export interface FirstObject {
  readonly row: ImageRow;
  readonly versionId: string;
}

/** The object to begin with; null when the keeper holds none that a row asks for. Changes nothing. @throws KeepsakeError */
export async function findFirstObject(deps: BucketDeps): Promise<FirstObject | null> {
  const { rows } = await deps.pool.query<ImageRecord>(
    `SELECT ${imageColumns} FROM images WHERE status = 'stored' ORDER BY key LIMIT ${rowsTried}`,
  );
  for (const record of rows) {
    const row = toImageRow(record);
    const sources = await restoreSources(deps, row);
    const kept = sources === 'unknown' ? undefined : sources.find(({ kind }) => kind === 'keeper');
    if (kept?.kind === 'keeper') return { row, versionId: kept.versionId };
  }
  return null;
}

/** Has the keeper bring the bucket back with this object. @throws KeepsakeError */
export async function bringBackBucket({ bucket, keeper }: BucketDeps, { row, versionId }: FirstObject): Promise<void> {
  await keeper.restore({ bucket: bucket.name, key: row.key, versionId });
  await assertBucket(bucket);
  if (!hasBytesOf(await readObjectBytes(bucket, row.key), row)) await deleteForever(bucket, row.key); // still kept
}
