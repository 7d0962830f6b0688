// A whole, healthy report, to be changed where a test looks.
import { findingClasses, type IntegrityReport } from '../../src/shared/report.ts';

export function aReport(fields: Partial<IntegrityReport> = {}): IntegrityReport {
  const counts = Object.fromEntries(findingClasses.map((name) => [name, { count: 0, bytes: 0 }]));
  return {
    apiVersion: 'keepsake.dev/v1',
    kind: 'IntegrityReport',
    runId: '01a20b38-7128-7096-929f-feae8ca21bc8',
    mode: 'check',
    startedAt: '2026-11-24T01:00:00.000Z',
    finishedAt: '2026-11-24T01:00:01.000Z',
    durationMs: 1000,
    status: 'Healthy',
    summary: 'All 0 are whole.',
    counts: counts as IntegrityReport['counts'],
    coverage: { isComplete: true, objectsRead: 0, rowsRead: 0, bucket: 'my-test-bucket', prefix: 'images/' },
    conditions: [],
    sample: [],
    isSampleCut: false,
    fullFindings: null,
    actions: { planned: 0, done: 0, failed: 0, skipped: 0, sample: [] },
    ...fields,
  };
}
