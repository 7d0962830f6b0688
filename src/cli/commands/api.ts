// `keepsake api`: the API joined with the reconciler, as a process of the cluster. Logs JSON to stderr, ends on SIGTERM.
import { once } from 'node:events';
import { readJoinedConfig, startJoinedApi } from '../../composition/index.ts';
import { createLogger } from '../../shared/logger.ts';
import { createPool, migrate } from '../../shared/postgres.ts';
import { createS3Client } from '../../shared/s3/client.ts';
import { stopSignal } from '../../shared/stop-signal.ts';
import type { Context } from '../context.ts';
import { patiently } from '../patience.ts';

/** Serves until SIGTERM or SIGINT. */
export async function api({ env }: Context): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const config = readJoinedConfig(env).app;
  const logger = createLogger('api', config.logLevel);
  const stopping = stopSignal();
  await patiently(() => migrate(config.databaseUrl, logger), {
    patienceMs: Number.POSITIVE_INFINITY,
    logger,
    signal: stopping,
  });
  const pool = createPool(config.databaseUrl, { logger, max: 20 });
  stack.defer(() => pool.end());
  const bucket = { client: createS3Client(config.s3), name: config.s3.bucket };
  stack.defer(() => bucket.client.destroy());
  const joined = await startJoinedApi({
    env,
    pool,
    bucket,
    loggerOf: (part) => createLogger(part, config.logLevel),
  });
  stack.defer(() => joined.close());
  logger.info({ url: joined.url }, 'the API listens');
  if (!stopping.aborted) await once(stopping, 'abort');
  return 0;
}
