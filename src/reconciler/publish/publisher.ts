// Where reports are shown beside Postgres: behind this one door, so that a run does not know about clusters.
import type { IntegrityReport } from '../../shared/report.ts';
import type { ReconcilerConfig } from '../config.ts';
import { memoryOf, type Remembered } from '../state/runs.ts';
import { createFilePublisher } from './file-publisher.ts';

export interface ReportPublisher {
  /** Shows a report. @throws KeepsakeError when it can't be shown; the report itself is saved by then. */
  publish(report: IntegrityReport): Promise<void>;
  /** The report that is shown now: what is remembered when Postgres has lost its memory. Null when there is none. */
  latest(): Promise<IntegrityReport | null>;
}

/** The measure that the report shown now holds; null when none is shown. */
export async function rememberedBy(publisher: ReportPublisher | null): Promise<Remembered | null> {
  const shown = await publisher?.latest();
  return shown ? memoryOf(shown) : null;
}

/** The publisher that the settings ask for; null for none. @throws KeepsakeError `ClusterUnreachable` */
export async function createPublisher(config: ReconcilerConfig): Promise<ReportPublisher | null> {
  switch (config.target) {
    case 'none':
      return null;
    case 'file':
      return createFilePublisher(config.manifestFile, config.namespace);
    case 'configmap': {
      const { createClusterPublisher } = await import('./cluster-publisher.ts'); // large, and seldom needed
      return createClusterPublisher(config);
    }
  }
}
