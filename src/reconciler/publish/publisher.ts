// Where reports are shown beside Postgres: behind this one door, so that a run does not know about clusters.
import type { IntegrityReport } from '../../shared/report.ts';

export interface ReportPublisher {
  /** Shows a report. @throws KeepsakeError when it can't be shown; the report itself is saved by then. */
  publish(report: IntegrityReport): Promise<void>;
}
