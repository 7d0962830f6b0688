// `keepsake bucket ensure`: the bucket of the images, made where it is not there.
import { readTogether } from '../../shared/config.ts';
import { readLogLevel } from '../../shared/log-settings.ts';
import { createLogger } from '../../shared/logger.ts';
import { createS3Client } from '../../shared/s3/client.ts';
import { ensureBucket } from '../../shared/s3/ensure-bucket.ts';
import { readS3Config } from '../../shared/s3/settings.ts';
import type { Context } from '../context.ts';
import { patiently } from '../patience.ts';

export interface BucketOptions {
  /** How long to wait for S3, in milliseconds. */
  readonly wait: number;
}

/** Makes the bucket when it is not there, once S3 answers; to be repeated at will. */
export async function bucketEnsure(
  { env, style, print, printJson }: Context,
  { wait: patienceMs }: BucketOptions,
): Promise<number> {
  const [s3, logLevel] = readTogether(env, [readS3Config, readLogLevel]);
  const client = createS3Client(s3);
  try {
    const isNew = await patiently(() => ensureBucket({ client, name: s3.bucket }, s3.region), {
      patienceMs,
      logger: createLogger('bucket', logLevel),
    });
    print(`${style('green', '✓')} bucket ${s3.bucket}: ${isNew ? 'made' : 'is there'}`);
    printJson({ bucket: s3.bucket, isNew });
    return 0;
  } finally {
    client.destroy();
  }
}
