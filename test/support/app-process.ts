// The API in a process of its own, whose memory can be measured: prints its URL, then answers each line with its
// highest resident size so far, in bytes.
import { createApp, listen, readAppConfig } from '../../src/app/index.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { createPool } from '../../src/shared/postgres.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';

const config = readAppConfig(process.env);
const pool = createPool(config.databaseUrl, { logger: silentLogger() });
const bucket = { client: createS3Client(config.s3), name: config.s3.bucket };
const app = createApp({ config, pool, bucket, logger: silentLogger(), integrity: null });
const listening = await listen(app.handler, config);
process.stdout.write(`${listening.url}\n`);
// maxRSS is in KiB on every platform that Node runs on.
process.stdin.on('data', () => process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`));
