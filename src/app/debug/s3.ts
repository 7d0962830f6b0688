// S3 as this process sees it.
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { createKeeperClient } from '../../shared/keeper-api.ts';
import { assertBucket } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';
import type { DebugDeps } from './deps.ts';
import { foundSchema, look } from './finding.ts';

export const s3Schema = z.object({
  endpoint: z.string(),
  region: z.string(),
  bucket: z.string(),
  bucket_exists: foundSchema(z.boolean()),
  first_page: foundSchema(z.object({ objects: z.number(), is_truncated: z.boolean() })),
  keeper: foundSchema(z.record(z.string(), z.unknown())).describe('value null without error: no keeper in front of S3'),
});

export async function lookAtS3({ config, bucket }: DebugDeps): Promise<z.infer<typeof s3Schema>> {
  const { endpoint, region } = config.s3;
  const [bucketExists, firstPage, keeper] = await Promise.all([
    look(async () => {
      await assertBucket(bucket);
      return true;
    }),
    look(() => firstPageOf(bucket)),
    look(async () => ({ ...(endpoint && (await createKeeperClient(endpoint).status())) })),
  ]);
  return {
    endpoint: endpoint ?? 'AWS',
    region,
    bucket: bucket.name,
    bucket_exists: bucketExists,
    first_page: firstPage,
    keeper: { ...keeper, value: keeper.value && Object.keys(keeper.value).length > 0 ? keeper.value : null },
  };
}

async function firstPageOf({ client, name }: DebugDeps['bucket']): Promise<{ objects: number; is_truncated: boolean }> {
  try {
    const { KeyCount = 0, IsTruncated = false } = await client.send(new ListObjectsV2Command({ Bucket: name }));
    return { objects: KeyCount, is_truncated: IsTruncated };
  } catch (error) {
    throw asS3Error(error, name);
  }
}
