// Connections to the system that a command talks to, and the reconciler on them.
import {
  createPublisher,
  createReconciler,
  type Reconciler,
  type ReconcilerDeps,
  type ReportPublisher,
  readReconcilerConfig,
} from '../reconciler/index.ts';
import { createKeeperClient, type KeeperClient } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import { createPool, migrate, type Pool } from '../shared/postgres.ts';
import { type Bucket, createS3Client } from '../shared/s3/client.ts';
import { requireDatabase, type System } from './system.ts';

/** Open connections to a system, and the reconciler on them. */
export interface Connected {
  readonly system: System;
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient | null;
  readonly publisher: ReportPublisher | null;
  readonly reconciler: Reconciler;
  readonly reconcilerDeps: ReconcilerDeps;
  close(): Promise<void>;
}

/** Connects. The schema is brought forward first. @throws KeepsakeError `NotConfigured`, `DatabaseUnavailable`, `DatabaseAccessDenied` */
export async function connect(system: System, logger: Logger): Promise<Connected> {
  const databaseUrl = requireDatabase(system);
  const config = readReconcilerConfig(system.env);
  await migrate(databaseUrl, logger);
  const publisher = await createPublisher(config);
  const pool = createPool(databaseUrl, { logger });
  const { endpoint } = system.s3;
  const bucket = { client: createS3Client(system.s3), name: system.s3.bucket };
  const keeper = endpoint === undefined ? null : createKeeperClient(endpoint);
  const reconcilerDeps = { config, pool, bucket, keeper, logger, publisher };
  return {
    system,
    pool,
    bucket,
    keeper,
    publisher,
    reconcilerDeps,
    reconciler: createReconciler(reconcilerDeps),
    async close() {
      bucket.client.destroy();
      await pool.end();
    },
  };
}
