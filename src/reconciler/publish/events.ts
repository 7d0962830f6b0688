// The news of a report for a cluster's Events: a change of status, and repairs. Pure.
import type { IntegrityReport, IntegrityStatus } from '../../shared/report.ts';

export interface ReportEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

const reasons: Readonly<Record<IntegrityStatus, string>> = {
  Healthy: 'Recovered',
  Degraded: 'DriftFound',
  Incomplete: 'RunIncomplete',
  Suspicious: 'LooksLost',
};

/** The events of a report after one whose status was `before` (null: the first, which tells only what is wrong). */
export function eventsOf(before: IntegrityStatus | null, report: IntegrityReport): readonly ReportEvent[] {
  const { status, summary, actions } = report;
  const isNews = status !== (before ?? 'Healthy');
  const message = summary.slice(0, 1000); // Event messages end at 1,024 bytes
  return [
    ...(isNews ? [{ type: warningUnless(status === 'Healthy'), reason: reasons[status], message }] : []),
    ...(actions.done > 0 ? [{ type: 'Normal' as const, reason: 'Repaired', message }] : []),
    ...(actions.failed > 0 ? [{ type: 'Warning' as const, reason: 'RepairFailed', message }] : []),
  ];
}

function warningUnless(isGood: boolean): 'Normal' | 'Warning' {
  return isGood ? 'Normal' : 'Warning';
}
