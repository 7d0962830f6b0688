// The API as a process of its own, without the reconciler: `keepsake api` joins the two.
import { asKeepsakeError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { createPool, migrate } from '../shared/postgres.ts';
import { createS3Client } from '../shared/s3/client.ts';
import { createApp } from './app.ts';
import { readAppConfig } from './config.ts';
import { listen } from './listen.ts';

try {
  await run();
} catch (error) {
  process.stderr.write(`${asKeepsakeError(error).message}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const config = readAppConfig(process.env);
  const logger = createLogger('api', config.logLevel);
  await migrate(config.databaseUrl, logger);
  const pool = createPool(config.databaseUrl, { logger, max: 20 });
  const bucket = { client: createS3Client(config.s3), name: config.s3.bucket };
  const app = createApp({ config, pool, bucket, logger, integrity: null });
  const listening = await listen(app.handler, config).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  app.startBackground();
  logger.info({ url: listening.url }, 'the API listens');

  const stop = async (): Promise<void> => {
    await listening.close();
    await app.close();
    await pool.end();
    bucket.client.destroy();
  };
  process.once('SIGTERM', () => void stop()).once('SIGINT', () => void stop());
}
