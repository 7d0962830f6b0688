// One pass: observe → compare → plan → act (only when asked) → report. Level-based: it trusts no event and no earlier
// pass. Whatever stays unknown makes the report `Incomplete`, and then nothing is changed (P8).
import { v7 as uuidv7 } from 'uuid';
import { KeepsakeError } from '../shared/errors.ts';
import type { RunProgress, RunRequest } from '../shared/integrity-service.ts';
import type { KeeperClient } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import { type Pool, runLock, withAdvisoryLock } from '../shared/postgres.ts';
import type { ActionResult, IntegrityReport } from '../shared/report.ts';
import type { Bucket } from '../shared/s3/client.ts';
import { undoAction } from './act/undo.ts';
import type { ReconcilerConfig, RemovalLimits } from './config.ts';
import { Pass } from './pass.ts';
import type { ReportPublisher } from './publish/publisher.ts';
import { asRunError } from './run-error.ts';
import { forgetUnproven } from './state/memory.ts';
import { recordStart } from './state/runs.ts';

export interface ReconcilerDeps {
  readonly config: ReconcilerConfig;
  readonly pool: Pool;
  readonly bucket: Bucket;
  /** Null when S3 is AWS: then only the quarantine can bring bytes back. */
  readonly keeper: KeeperClient | null;
  readonly logger: Logger;
  /** Where reports are shown beside Postgres. Null: nowhere. */
  readonly publisher: ReportPublisher | null;
  readonly clock?: () => Date;
}

/** What one run may do and how it looks. What is left out comes from the settings. */
export interface RunOptions extends RunRequest {
  readonly runId?: string;
  readonly graceMs?: number;
  readonly limits?: RemovalLimits;
  /** Read every object and compare its SHA-256. Without it a run compares presence and size. @default false */
  readonly isDeep?: boolean;
  /** Uploads begun before it have no process any more (the API started later), so they need no grace. */
  readonly noUploadsBefore?: Date;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called once the run holds the lock. */
  readonly onStarted?: () => void;
}

export interface Reconciler {
  /**
   * One run. Its report is saved and published when it resolves; what S3 or Postgres refuse is in the report
   * (`Incomplete`), not thrown.
   * @throws KeepsakeError `RunInProgress`; what the publisher throws, after the report was saved.
   */
  run(options: RunOptions): Promise<IntegrityReport>;
  /** Takes one action back. @throws KeepsakeError `RunInProgress`, `ActionNotFound`, `ActionNotUndoable` */
  undo(actionId: string): Promise<ActionResult>;
}

export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { pool, bucket, publisher, logger, clock = () => new Date() } = deps;
  return {
    async run(options) {
      const pass = new Pass({ ...deps, clock }, { ...options, runId: options.runId ?? uuidv7() });
      const report = await underRunLock(pool, async () => {
        options.onStarted?.();
        return runPass(pass);
      }).catch((error: unknown) => {
        if (error instanceof KeepsakeError && error.code === 'RunInProgress') throw error;
        return pass.failed(asRunError(error)); // Postgres could not even give the lock: said, not saved
      });
      logger.info({ runId: report.runId, status: report.status, counts: report.counts }, report.summary);
      await publisher?.publish(report);
      return report;
    },
    async undo(actionId) {
      return underRunLock(pool, () => undoAction({ pool, bucket, clock }, actionId)).catch((error: unknown) => {
        throw asRunError(error);
      });
    },
  };

  async function runPass(pass: Pass): Promise<IntegrityReport> {
    await forgetUnproven(pool);
    await recordStart(pool, { id: pass.runId, mode: pass.mode, at: pass.startedAt });
    try {
      await pass.enter();
      await pass.settle();
      await pass.observe();
      await pass.act();
      return await pass.finish();
    } catch (error) {
      logger.error({ runId: pass.runId, err: error }, 'a run could not be completed');
      return pass.failed(asRunError(error));
    }
  }
}

/** @throws KeepsakeError `RunInProgress` when another holds the lock. */
async function underRunLock<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  const outcome = await withAdvisoryLock(pool, runLock, work);
  if (outcome) return outcome.value;
  throw new KeepsakeError('RunInProgress', {
    what: 'another run is under way',
    remedy: 'Wait until it is done, then try again.',
  });
}
