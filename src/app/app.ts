// The app, put together: middleware in the order requests meet it, routes by feature, background work. It owns what it
// starts, not the pool and the client it is given.
import express, { type Express } from 'express';
import type { IntegrityService } from '../shared/integrity-service.ts';
import type { Logger } from '../shared/logger.ts';
import type { Pool } from '../shared/postgres.ts';
import type { Bucket } from '../shared/s3/client.ts';
import { type Background, startBackground } from './background.ts';
import type { AppConfig } from './config.ts';
import { debugRoutes } from './debug/routes.ts';
import { refuseCrossSite } from './http/cross-site.ts';
import { answerError, unknownPath } from './http/errors.ts';
import { secureHeaders } from './http/headers.ts';
import { logRequests } from './http/request-log.ts';
import { mountRoutes } from './http/route.ts';
import { serveWebFiles } from './http/web-files.ts';
import { Inspector } from './images/inspect/inspector.ts';
import { clearSpool } from './images/inspect/spool.ts';
import { countOutbox, workOffOutbox } from './images/outbox.ts';
import { reapUploads } from './images/reaper.ts';
import { imageRoutes } from './images/routes.ts';
import { UploadsUnderWay } from './images/uploads-under-way.ts';
import { integrityRoutes } from './integrity/routes.ts';
import { objectRoutes } from './objects/routes.ts';
import { createMetrics } from './operations/metrics.ts';
import { operationRoutes } from './operations/routes.ts';
import { thumbnailRoutes } from './thumbnails/routes.ts';

export interface AppDeps {
  readonly config: AppConfig;
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly logger: Logger;
  /** Null: the integrity routes answer 501. */
  readonly integrity: IntegrityService | null;
  /** Folder of the built web page. @default none: `/` is 404 */
  readonly webFolder?: string;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

export interface App {
  /** For `http.createServer`, or `listen`. */
  readonly handler: Express;
  /** Starts the outbox, the reaper and the uploads' signs of life. Once. */
  startBackground(): void;
  /** Stops the background work; resolves when the last of it is over. */
  close(): Promise<void>;
}

export function createApp(deps: AppDeps): App {
  const { config, pool, bucket, logger, integrity, webFolder, clock = () => new Date() } = deps;
  const metrics = createMetrics(() => countOutbox(pool).catch(() => undefined));
  const underWay = new UploadsUnderWay(config.maxConcurrentUploads);
  const inspector = new Inspector({
    maxPixels: config.maxImagePixels,
    maxMemoryBytes: config.maxImageMemoryBytes,
    timeoutMs: config.imageTimeoutMs,
    logger,
  });
  const background: Background[] = [];
  let outbox: Background | undefined;

  const routes = [
    ...imageRoutes({
      pool,
      bucket,
      logger,
      clock,
      metrics,
      underWay,
      inspector,
      maxUploadBytes: config.maxUploadBytes,
      uploadIdleMs: config.uploadIdleMs,
      onDeleted: () => outbox?.wake(),
    }),
    ...objectRoutes({ pool, bucket, readIdleMs: config.uploadIdleMs }),
    ...thumbnailRoutes({ pool, bucket, logger, inspector, timeoutMs: config.imageTimeoutMs }),
    ...integrityRoutes(integrity),
    ...debugRoutes({ config, pool, bucket }),
  ];

  const handler = express();
  handler.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  handler.use(logRequests(logger, metrics), secureHeaders, refuseCrossSite, express.json({ limit: '64kb' }));
  mountRoutes(handler, [...routes, ...operationRoutes({ pool, bucket, metrics, described: routes })]);
  if (webFolder !== undefined) handler.use(serveWebFiles(webFolder));
  handler.use(unknownPath, answerError);

  return {
    handler,
    startBackground() {
      const heartbeatMs = Math.min(config.uploadGraceMs / 4, 60_000);
      const reap = async (signal: AbortSignal) => {
        if (await reapUploads({ pool, bucket, logger, clock, uploadGraceMs: config.uploadGraceMs }, signal))
          outbox?.wake();
      };
      const workOff = (signal: AbortSignal) => workOffOutbox({ pool, bucket, logger, clock }, signal);
      outbox = startBackground({ name: 'outbox', everyMs: 5_000, run: workOff, logger });
      background.push(
        outbox,
        startBackground({ name: 'reaper', everyMs: heartbeatMs, run: reap, logger }),
        startBackground({ name: 'heartbeat', everyMs: heartbeatMs, run: () => underWay.renew(pool, clock()), logger }),
      );
    },
    async close() {
      await Promise.all(background.splice(0).map((one) => one.stop()));
      inspector.close();
      await clearSpool();
    },
  };
}
