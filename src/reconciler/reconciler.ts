// A run, or the undoing of one action: one at a time, under the run lock. Level-based: a run trusts no event and no
// earlier run. Anything that stays unknown makes its report `Incomplete`, and then nothing is changed (P8).
import { KeepsakeError } from '../shared/errors.ts';
import { type Pool, runLock, withAdvisoryLock } from '../shared/postgres.ts';
import type { ActionResult, IntegrityReport } from '../shared/report.ts';
import { undoAction } from './act/undo.ts';
import { pass } from './pass.ts';
import { newRun, type ReconcilerDeps, type RunOptions } from './run.ts';
import { asRunError } from './run-error.ts';
import { reportFailed } from './run-report.ts';
import { forgetUnproven } from './state/memory.ts';
import { recordStart } from './state/runs.ts';

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
      const run = newRun(deps, options);
      const report = await underRunLock(pool, async () => {
        options.onStarted?.();
        await forgetUnproven(pool);
        await recordStart(pool, { id: run.runId, mode: options.mode, at: run.startedAt });
        return pass(run);
      }).catch((error: unknown) => {
        if (error instanceof KeepsakeError && error.code === 'RunInProgress') throw error;
        return reportFailed(run, asRunError(error)); // Postgres could not even give the lock: said, not saved
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
