// Runs and their reports, in `integrity_runs`. A later run is measured by the newest healthy one.
import { KeepsakeError } from '../../shared/errors.ts';
import type { RunSummary } from '../../shared/integrity-service.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { IntegrityReport, RunMode } from '../../shared/report.ts';

/** The counts and identities that the newest healthy run saw. */
export interface Remembered {
  readonly rowsRead: number;
  readonly storeId: string | null;
  readonly databaseId: string;
}

export async function recordStart(pool: Pool, run: { readonly id: string; readonly mode: RunMode; readonly at: Date }) {
  await pool.query('INSERT INTO integrity_runs (id, mode, started_at) VALUES ($1, $2, $3)', [run.id, run.mode, run.at]);
}

/** Saves a report and lets go of runs beyond `keep`; the newest healthy one always stays. */
export async function recordEnd(pool: Pool, report: IntegrityReport, keep: number): Promise<void> {
  await pool.query('UPDATE integrity_runs SET finished_at = $2, status = $3, report = $4 WHERE id = $1', [
    report.runId,
    report.finishedAt,
    report.status,
    JSON.stringify(report),
  ]);
  await pool.query(
    `DELETE FROM integrity_runs
     WHERE id NOT IN (SELECT id FROM integrity_runs ORDER BY started_at DESC LIMIT $1)
       AND id NOT IN (SELECT id FROM integrity_runs WHERE status = 'Healthy' ORDER BY started_at DESC LIMIT 1)`,
    [keep],
  );
}

/** The measure that the newest healthy run left; null when there was none. */
export async function remembered(pool: Pool): Promise<Remembered | null> {
  const { rows } = await pool.query<{ report: IntegrityReport }>(
    `SELECT report FROM integrity_runs WHERE status = 'Healthy' ORDER BY started_at DESC LIMIT 1`,
  );
  const report = rows[0]?.report;
  return report?.identity ? { rowsRead: report.coverage.rowsRead, ...report.identity } : null;
}

/** The measure in a report that was shown: its own if it can be trusted, else the one it took over. */
export function memoryOf({ status, remembered, coverage, identity }: IntegrityReport): Remembered | null {
  if (isDoubtful(status)) return remembered ?? null;
  return identity ? { rowsRead: coverage.rowsRead, ...identity } : null;
}

/** Whether a run of this status is no measure for later ones. */
export function isDoubtful(status: IntegrityReport['status']): boolean {
  return status === 'Incomplete' || status === 'Suspicious';
}

export async function latestReport(pool: Pool): Promise<IntegrityReport | null> {
  const { rows } = await pool.query<{ report: IntegrityReport }>(
    'SELECT report FROM integrity_runs WHERE report IS NOT NULL ORDER BY started_at DESC LIMIT 1',
  );
  return rows[0]?.report ?? null;
}

/** @throws KeepsakeError `NotFound` when no finished run has this id. */
export async function reportOf(pool: Pool, runId: string): Promise<IntegrityReport> {
  const { rows } = await pool.query<{ report: IntegrityReport }>(
    'SELECT report FROM integrity_runs WHERE id::text = $1 AND report IS NOT NULL',
    [runId.toLowerCase()],
  );
  if (!rows[0])
    throw new KeepsakeError('NotFound', {
      what: 'no finished run has this id',
      got: JSON.stringify(runId.slice(0, 100)),
      remedy: 'Take the id from the history (GET /api/integrity/).',
    });
  return rows[0].report;
}

/** Runs, newest first; `before` is the start of the last one seen. */
export async function runHistory(
  pool: Pool,
  { limit, before }: { readonly limit: number; readonly before?: Date },
): Promise<readonly RunSummary[]> {
  const { rows } = await pool.query<{
    id: string;
    mode: RunMode;
    started_at: Date;
    finished_at: Date | null;
    status: IntegrityReport['status'] | null;
    summary: string | null;
  }>(
    `SELECT id, mode, started_at, finished_at, status, report->>'summary' AS summary FROM integrity_runs
     WHERE $2::timestamptz IS NULL OR started_at < $2 ORDER BY started_at DESC LIMIT $1`,
    [limit, before ?? null],
  );
  return rows.map((row) => ({
    runId: row.id,
    mode: row.mode,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    status: row.status,
    summary: row.summary,
  }));
}
