// The reconciler behind the API's door: runs in the background of this process, their steps as streams.
import { EventEmitter, on } from 'node:events';
import { v7 as uuidv7 } from 'uuid';
import { KeepsakeError } from '../shared/errors.ts';
import type { IntegrityService, RunProgress } from '../shared/integrity-service.ts';
import { isUndoable } from './act/undo.ts';
import { createReconciler } from './reconciler.ts';
import type { ReconcilerDeps, RunOptions } from './run.ts';
import { asRunError } from './run-error.ts';
import { pastActions } from './state/journal.ts';
import { latestReport, reportOf, runHistory } from './state/runs.ts';

/** Makes the service. `defaults` hold for every run that it starts. One run at a time in this process. */
export function createIntegrityService(
  deps: ReconcilerDeps,
  defaults: Pick<RunOptions, 'noUploadsBefore' | 'graceMs' | 'limits' | 'signal'> = {},
): IntegrityService {
  const { pool, logger, clock = () => new Date() } = deps;
  const reconciler = createReconciler(deps);
  const steps = new EventEmitter().setMaxListeners(0);
  /** The run that was started last, with its last step: it is over when that step is its end. */
  let newest: { readonly runId: string; last: RunProgress | null } | null = null;

  const running = (): string | null => (newest && !isEnd(newest.last) ? newest.runId : null);
  const tell = (progress: RunProgress): void => {
    if (newest?.runId === progress.runId) newest.last = progress;
    steps.emit(progress.runId, progress);
  };

  return {
    latest: () => latestReport(pool).catch(rethrow),
    report: (runId) => reportOf(pool, runId).catch(rethrow),
    history: async ({ limit, before }) =>
      runHistory(pool, { limit, ...(before && { before: timeOf(before) }) }).catch(rethrow),
    running,
    start(request) {
      const busy = running();
      if (busy) return Promise.reject(alreadyRunning(busy));
      const runId = uuidv7();
      newest = { runId, last: null };
      return new Promise((resolve, reject) => {
        reconciler
          .run({ ...defaults, ...request, runId, onProgress: tell, onStarted: () => resolve({ runId }) })
          .then((report) => tell({ kind: 'finished', runId, report }))
          .catch((thrown: unknown) => {
            const error = asRunError(thrown);
            if (error.code !== 'RunInProgress') logger.error({ runId, err: thrown }, 'a run failed');
            tell({ kind: 'failed', runId, code: error.code, message: error.message });
            reject(error); // without effect once it has started
          })
          .finally(() => resolve({ runId })); // Postgres was away, so it never had the lock: its end says so
      });
    },
    async *progress(runId, signal) {
      if (newest?.runId !== runId) {
        yield { kind: 'finished', runId, report: await reportOf(pool, runId).catch(rethrow) };
        return;
      }
      try {
        const stream = on(steps, runId, { signal });
        if (newest.last) yield newest.last;
        if (isEnd(newest.last)) return;
        for await (const [progress] of stream as AsyncIterable<[RunProgress]>) {
          yield progress;
          if (isEnd(progress)) return;
        }
      } catch (error) {
        if (!signal.aborted) throw error; // else whoever listened has left
      }
    },
    async actions({ limit, before }) {
      const now = clock();
      const entries = await pastActions(pool, { limit, ...(before && { before: timeOf(before) }) }).catch(rethrow);
      return entries.map((entry) => ({
        id: entry.id,
        action: entry.action,
        key: entry.key,
        state: entry.state === 'undone' ? 'undone' : 'done',
        reason: entry.error ?? entry.undo.reason ?? '',
        startedAt: entry.startedAt.toISOString(),
        isUndoable: isUndoable(entry, now),
      }));
    },
    undo: (actionId) => reconciler.undo(actionId),
  };
}

function timeOf(cursor: string): Date {
  const time = new Date(cursor);
  if (!Number.isNaN(time.getTime())) return time;
  throw new KeepsakeError('InvalidCursor', {
    what: 'the place to go on from is no time',
    expected: 'the startedAt of the last entry seen',
    got: JSON.stringify(cursor.slice(0, 100)),
    remedy: 'Begin again without it.',
  });
}

function isEnd(step: RunProgress | null): boolean {
  return step !== null && step.kind !== 'progress';
}

function rethrow(error: unknown): never {
  throw asRunError(error);
}

function alreadyRunning(runId: string): KeepsakeError {
  return new KeepsakeError('RunInProgress', {
    what: 'a run is under way',
    got: runId,
    remedy: 'Follow it, or wait until it is done.',
  });
}
