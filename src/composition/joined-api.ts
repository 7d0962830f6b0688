// The API joined with the reconciler, on a pool and a bucket that the caller owns.
import { type AppConfig, createApp, listen, readAppConfig } from '../app/index.ts';
import {
  createIntegrityService,
  createPublisher,
  type ReconcilerConfig,
  readReconcilerConfig,
} from '../reconciler/index.ts';
import { type Environment, readTogether } from '../shared/config.ts';
import type { IntegrityService } from '../shared/integrity-service.ts';
import { createKeeperClient } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import type { Pool } from '../shared/postgres.ts';
import type { Bucket } from '../shared/s3/client.ts';

export interface JoinedApiOptions {
  /** The settings of API and reconciler are read from it. */
  readonly env: Environment;
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly loggerOf: (part: 'api' | 'reconciler') => Logger;
  /** Folder of the built page. @default none: `/` is 404 */
  readonly webFolder?: string;
  /** Uploads that began earlier have no process any more. @default unknown */
  readonly noUploadsBefore?: Date;
  /** Gives up the run of the reconciler that is under way. @default runs end by themselves */
  readonly signal?: AbortSignal;
}

export interface JoinedApi {
  readonly url: string;
  readonly integrity: IntegrityService;
  /** Takes no more requests, and stops the background work. */
  close(): Promise<void>;
}

/** The settings of both. @throws KeepsakeError `InvalidSettings` with all faults */
export function readJoinedConfig(env: Environment): { readonly app: AppConfig; readonly reconciler: ReconcilerConfig } {
  const [app, reconciler] = readTogether(env, [readAppConfig, readReconcilerConfig]);
  return { app, reconciler };
}

/** Starts it; resolves when it listens. @throws KeepsakeError `InvalidSettings`, `PortInUse` */
export async function startJoinedApi(options: JoinedApiOptions): Promise<JoinedApi> {
  const { env, pool, bucket, loggerOf, webFolder } = options;
  const config = readAppConfig(env);
  const integrity = await createIntegrity(options, config.s3.endpoint);
  const app = createApp({
    config,
    pool,
    bucket,
    logger: loggerOf('api'),
    integrity,
    ...(webFolder !== undefined && { webFolder }),
  });
  const listening = await listen(app.handler, config);
  app.startBackground();
  return {
    url: listening.url,
    integrity,
    async close() {
      await listening.close();
      await app.close();
    },
  };
}

async function createIntegrity(
  { env, pool, bucket, loggerOf, noUploadsBefore, signal }: JoinedApiOptions,
  endpoint: string | undefined,
): Promise<IntegrityService> {
  const config = readReconcilerConfig(env);
  const keeper = endpoint === undefined ? null : createKeeperClient(endpoint);
  const publisher = await createPublisher(config);
  return createIntegrityService(
    { config, pool, bucket, keeper, logger: loggerOf('reconciler'), publisher },
    { ...(noUploadsBefore && { noUploadsBefore }), ...(signal && { signal }) },
  );
}
