// `keepsake reconcile`: one run of the reconciler, as the CronJob runs it. Logs JSON to stderr.
import { createPublisher, createReconciler, readReconcilerConfig } from '../../reconciler/index.ts';
import { readTogether } from '../../shared/config.ts';
import type { KeepsakeError } from '../../shared/errors.ts';
import { createKeeperClient } from '../../shared/keeper-api.ts';
import { readLogLevel } from '../../shared/log-settings.ts';
import { createLogger } from '../../shared/logger.ts';
import { createPool, migrate } from '../../shared/postgres.ts';
import { readDatabaseUrl } from '../../shared/postgres-settings.ts';
import { exitCodeOf } from '../../shared/report.ts';
import { assertBucket, createS3Client } from '../../shared/s3/client.ts';
import { readS3Config } from '../../shared/s3/settings.ts';
import { stopSignal } from '../../shared/stop-signal.ts';
import type { Context } from '../context.ts';
import { patiently } from '../patience.ts';
import { runPatiently } from '../patient-run.ts';

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
  const readers = [readReconcilerConfig, readDatabaseUrl, readS3Config, readLogLevel] as const;
  const [config, databaseUrl, s3, logLevel] = readTogether(env, readers);
  const logger = createLogger('reconciler', logLevel);
  const signal = stopSignal();
  const deadline = performance.now() + options.wait;
  const patience = () => ({ patienceMs: deadline - performance.now(), logger, signal });
  const pool = createPool(databaseUrl, { logger });
  stack.defer(() => pool.end());
  const bucket = { client: createS3Client(s3), name: s3.bucket };
  stack.defer(() => bucket.client.destroy());
  const publisher = await createPublisher(config);
  const reconciler = createReconciler({
    config,
    pool,
    bucket,
    keeper: s3.endpoint === undefined ? null : createKeeperClient(s3.endpoint),
    logger,
    publisher,
  });
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
