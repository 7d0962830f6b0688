// Where reports are shown beside Postgres: behind this one door, so that a run does not know about clusters.
import type { IntegrityReport } from '../../shared/report.ts';
import { memoryOf, type Remembered } from '../state/runs.ts';

export interface ReportPublisher {
  /** Shows a report. @throws KeepsakeError when it can't be shown; the report itself is saved by then. */
  publish(report: IntegrityReport): Promise<void>;
  /** The report that is shown now, the memory of last resort when Postgres has lost its own. Null when there is none. */
  latest(): Promise<IntegrityReport | null>;
}

/** The measure that the report shown now holds; null when none is shown. */
export async function rememberedBy(publisher: ReportPublisher | null): Promise<Remembered | null> {
  const shown = await publisher?.latest();
  return shown ? memoryOf(shown) : null;
}
