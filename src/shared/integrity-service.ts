// The door between the API and the reconciler: the API is given one of these, the reconciler makes one (src/composition/
// joins them), so that neither imports the other.
import type { ActionResult, IntegrityReport, RunMode } from './report.ts';

/**
 * The actions that a repair may take beside restoring, adopting and finishing. Without any, nothing is ever removed.
 */
export interface RunRequest {
  readonly mode: RunMode;
  /** Put orphans aside (quarantine). @default false */
  readonly shouldCleanS3?: boolean;
  /** Also drop rows and quarantined objects that nothing can bring back. @default false */
  readonly shouldCleanAll?: boolean;
  /** Only these keys. @default all */
  readonly keys?: readonly string[];
}

/** One step of a run, for a progress bar. `total` is an estimate, or null when unknown. The last one has `finished`. */
export type RunProgress =
  | {
      readonly kind: 'progress';
      readonly runId: string;
      readonly phase: 'observe' | 'act' | 'report';
      readonly done: number;
      readonly total: number | null;
    }
  | { readonly kind: 'finished'; readonly runId: string; readonly report: IntegrityReport }
  | { readonly kind: 'failed'; readonly runId: string; readonly code: string; readonly message: string };

export interface RunSummary {
  readonly runId: string;
  readonly mode: RunMode;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly status: IntegrityReport['status'] | null;
  readonly summary: string | null;
}

export interface IntegrityService {
  /** The newest finished report, or null when there is none. */
  latest(): Promise<IntegrityReport | null>;
  /** The report of one run. @throws KeepsakeError `NotFound` */
  report(runId: string): Promise<IntegrityReport>;
  /** Runs, newest first; `before` is the `startedAt` of the last one seen. */
  history(options: { readonly limit: number; readonly before?: string }): Promise<readonly RunSummary[]>;
  /** The run that is under way in this process, or null. */
  running(): string | null;
  /** Starts a run and returns at once. @throws KeepsakeError `RunInProgress` */
  start(request: RunRequest): Promise<{ readonly runId: string }>;
  /** Steps of a run from now on, its end included; ends at once with the outcome when the run is over. */
  progress(runId: string, signal: AbortSignal): AsyncIterable<RunProgress>;
  /** Actions that can be undone or were, newest first. */
  actions(options: {
    readonly limit: number;
    readonly before?: string;
  }): Promise<readonly (ActionResult & { readonly startedAt: string; readonly isUndoable: boolean })[]>;
  /** Undoes one action. @throws KeepsakeError `ActionNotFound`, `ActionNotUndoable` */
  undo(actionId: string): Promise<ActionResult>;
}
