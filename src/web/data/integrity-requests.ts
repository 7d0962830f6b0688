// The integrity part of the API: the newest report, runs, and the journal of repairs with its undo.
import type { RunRequest, RunSummary } from '../../shared/integrity-service.ts';
import type { ActionResult, IntegrityReport } from '../../shared/report.ts';
import { requestJson } from './request.ts';

export interface IntegrityOverview {
  readonly latest: IntegrityReport | null;
  readonly history: readonly RunSummary[];
  /** Id of the run under way, whoever started it. */
  readonly running: string | null;
}

export interface JournalEntry extends ActionResult {
  readonly startedAt: string;
  readonly isUndoable: boolean;
}

export interface JournalPage {
  readonly results: readonly JournalEntry[];
  /** Path of the page with older entries, or null. */
  readonly next: string | null;
}

export function readOverview(signal?: AbortSignal): Promise<IntegrityOverview> {
  return requestJson('/api/integrity/', signal ? { signal } : {});
}

/** Starts a run; its steps are followed with `followRun`. */
export function startRun({ mode, shouldCleanS3, shouldCleanAll, keys }: RunRequest): Promise<{ run_id: string }> {
  return requestJson('/api/integrity/runs/', {
    method: 'POST',
    body: { mode, clean_s3: shouldCleanS3 ?? false, clean_all: shouldCleanAll ?? false, ...(keys && { keys }) },
  });
}

export function readReport(runId: string): Promise<IntegrityReport> {
  return requestJson(`/api/integrity/runs/${encodeURIComponent(runId)}/`);
}

export function readJournal(next: string | null, signal: AbortSignal): Promise<JournalPage> {
  return requestJson(next ?? '/api/integrity/actions/?limit=20', { signal });
}

export function undoAction(id: string): Promise<ActionResult> {
  return requestJson(`/api/integrity/actions/${encodeURIComponent(id)}/undo`, { method: 'POST' });
}
