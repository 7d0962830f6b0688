// The processes of a cluster: the API joined with the reconciler, the keeper, one run of the reconciler, the bucket.
// They log JSON to stderr and end in order on SIGTERM.
import { createApp, listen, readAppConfig } from '../../app/index.ts';
import { ensureBucket } from '../../embedded/index.ts';
import { readKeeperConfig, serveKeeper } from '../../keeper/index.ts';
import {
  createIntegrityService,
  createPublisher,
  createReconciler,
  readReconcilerConfig,
} from '../../reconciler/index.ts';
import type { Environment } from '../../shared/config.ts';
import type { KeepsakeError } from '../../shared/errors.ts';
import { createKeeperClient } from '../../shared/keeper-api.ts';
import { createLogger } from '../../shared/logger.ts';
import { createPool, migrate, readDatabaseUrl } from '../../shared/postgres.ts';
import { exitCodeOf } from '../../shared/report.ts';
import { assertBucket, createS3Client } from '../../shared/s3/client.ts';
import { readS3Config } from '../../shared/s3/settings.ts';
import { stopSignal } from '../../shared/stop-signal.ts';
import type { Context } from '../context.ts';
import { patiently } from '../patience.ts';
import { runPatiently } from '../patient-run.ts';

/** Serves until SIGTERM or SIGINT. */
export async function api({ env }: Context): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const config = readAppConfig(env);
  const reconcilerConfig = readReconcilerConfig(env);
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
  const integrity = createIntegrityService({
    config: reconcilerConfig,
    pool,
    bucket,
    keeper: keeperOf(config.s3.endpoint),
    logger: createLogger('reconciler', config.logLevel),
    publisher: await createPublisher(reconcilerConfig),
  });
  const app = createApp({ config, pool, bucket, logger, integrity });
  stack.defer(() => app.close());
  const listening = await listen(app.handler, config);
  stack.defer(() => listening.close());
  app.startBackground();
  logger.info({ url: listening.url }, 'the API listens');
  await aborted(stopping);
  return 0;
}

/** Serves until SIGTERM or SIGINT. @throws KeepsakeError when its store can't write any more */
export async function keeper({ env }: Context): Promise<number> {
  const logger = createLogger('keeper', env.LOG_LEVEL);
  await serveKeeper(readKeeperConfig(env), { logger, signal: stopSignal() });
  return 0;
}

export interface ReconcileOptions {
  /** How long, in ms, to wait for what is not there yet. */
  readonly wait: number;
  readonly fix?: boolean;
  readonly cleanS3?: boolean;
  readonly cleanAll?: boolean;
}

/** One run, its report published where the settings say; the exit code is the report's. */
export async function reconcile({ env, isJson, printJson }: Context, options: ReconcileOptions): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const config = readReconcilerConfig(env);
  const databaseUrl = readDatabaseUrl(env);
  const s3 = readS3Config(env);
  const logger = createLogger('reconciler', env.LOG_LEVEL);
  const signal = stopSignal();
  const deadline = performance.now() + options.wait;
  const patience = () => ({ patienceMs: deadline - performance.now(), logger, signal });
  const pool = createPool(databaseUrl, { logger });
  stack.defer(() => pool.end());
  const bucket = { client: createS3Client(s3), name: s3.bucket };
  stack.defer(() => bucket.client.destroy());
  const publisher = await createPublisher(config);
  const reconciler = createReconciler({ config, pool, bucket, keeper: keeperOf(s3.endpoint), logger, publisher });
  const shouldCleanS3 = Boolean(options.cleanS3 || options.cleanAll);
  const request = {
    mode: options.fix || shouldCleanS3 ? 'repair' : 'check',
    shouldCleanS3,
    shouldCleanAll: options.cleanAll ?? false,
    signal,
  } as const;
  const report = await runPatiently({
    untilThere: async () => {
      await patiently(() => migrate(databaseUrl, logger), patience());
      // On a new system the bucket comes last. One that stays away is for the run to report.
      const isWorthATry = ({ kind, code }: KeepsakeError) => kind === 'retry' || code === 'S3BucketMissing';
      if (options.wait > 0) await patiently(() => assertBucket(bucket), { ...patience(), isWorthATry }).catch(() => {});
    },
    run: () => patiently(() => reconciler.run(request), patience()),
    hasTime: () => performance.now() < deadline && !signal.aborted,
  });
  if (isJson) printJson(report);
  return exitCodeOf(report.status);
}

/** Makes the bucket when it is not there, once S3 answers; to be repeated at will. */
export async function bucketEnsure({ env, style, print, printJson }: Context, patienceMs: number): Promise<number> {
  const s3 = readS3Config(env);
  const client = createS3Client(s3);
  try {
    const isNew = await patiently(() => ensureBucket({ client, name: s3.bucket }, s3.region), {
      patienceMs,
      logger: createLogger('bucket', env.LOG_LEVEL),
    });
    print(`${style('green', '✓')} bucket ${s3.bucket}: ${isNew ? 'made' : 'is there'}`);
    printJson({ bucket: s3.bucket, isNew });
    return 0;
  } finally {
    client.destroy();
  }
}

function keeperOf(endpoint: Environment[string]) {
  return endpoint === undefined ? null : createKeeperClient(endpoint);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
