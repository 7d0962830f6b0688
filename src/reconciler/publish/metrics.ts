// A report as Prometheus metrics in the text format, for a scrape or a textfile collector. Pure.
import { findingClasses, type IntegrityReport } from '../../shared/report.ts';

const statuses = ['Healthy', 'Degraded', 'Incomplete', 'Suspicious'] as const;

/** The metrics of the newest report, each with HELP and TYPE; ends with a line break. */
export function renderMetrics(report: IntegrityReport): string {
  const { counts, actions } = report;
  return [
    ...gauge(
      'keepsake_integrity_status',
      'The status of the newest run: 1 for the one that holds.',
      statuses.map((status) => [`{status="${status}"}`, status === report.status ? 1 : 0]),
    ),
    ...gauge(
      'keepsake_integrity_keys',
      'Keys by class, as the newest run found them.',
      findingClasses.map((name) => [`{class="${name}"}`, counts[name].count]),
    ),
    ...gauge(
      'keepsake_integrity_bytes',
      'Bytes by class, as the newest run found them.',
      findingClasses.map((name) => [`{class="${name}"}`, counts[name].bytes]),
    ),
    ...gauge(
      'keepsake_integrity_actions',
      'Repairs of the newest run by what they came to.',
      (['planned', 'done', 'failed', 'skipped'] as const).map((state) => [`{state="${state}"}`, actions[state]]),
    ),
    ...gauge('keepsake_integrity_complete', 'Whether the newest run read both sides to their end.', [
      ['', report.coverage.isComplete ? 1 : 0],
    ]),
    ...gauge('keepsake_integrity_finished_timestamp_seconds', 'When the newest run ended.', [
      ['', Date.parse(report.finishedAt) / 1000],
    ]),
    ...gauge('keepsake_integrity_duration_seconds', 'How long the newest run took.', [['', report.durationMs / 1000]]),
    '',
  ].join('\n');
}

function gauge(name: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}
