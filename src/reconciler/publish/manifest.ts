// The report as the manifest of a ConfigMap (P11): the same value for a cluster and for a file. Pure.
import { cluster } from '../../shared/names.ts';
import type { IntegrityReport } from '../../shared/report.ts';

export interface ReportManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly data: { readonly status: string; readonly summary: string; readonly 'report.json': string };
}

/** Marks the ConfigMaps of earlier reports. */
export const historyLabel = 'keepsake.dev/history';
const finishedAtAnnotation = 'keepsake.dev/finished-at';

/** The manifest of the newest report. `kubectl get configmap -L keepsake.dev/status` shows its status. */
export function toManifest(report: IntegrityReport, namespace: string): ReportManifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: cluster.reportConfigMap,
      namespace,
      labels: {
        'app.kubernetes.io/name': 'keepsake',
        'app.kubernetes.io/component': 'reconciler',
        'keepsake.dev/status': report.status,
      },
      annotations: { [finishedAtAnnotation]: report.finishedAt, 'keepsake.dev/run-id': report.runId },
    },
    data: { status: report.status, summary: report.summary, 'report.json': toPlainJson(report) },
  };
}

/** The same report as one of the earlier ones: `integrity-report-2026-11-24t01-42-33z`. */
export function toHistory(manifest: ReportManifest): ReportManifest {
  const { metadata } = manifest;
  const finishedAt = metadata.annotations[finishedAtAnnotation] ?? 'unknown';
  const time = finishedAt.toLowerCase().replace(/\.\d+/, '').replaceAll(':', '-');
  return {
    ...manifest,
    metadata: {
      ...metadata,
      name: `${cluster.reportConfigMap}-${time}`,
      labels: { ...metadata.labels, [historyLabel]: 'true' },
    },
  };
}

/** The manifest as YAML: names and texts quoted as JSON is, the report as a literal block. */
export function toYaml({ apiVersion, kind, metadata, data }: ReportManifest): string {
  const entries = (values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).map(([name, value]) => `    ${name}: ${quote(value)}`);
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${quote(metadata.name)}`,
    `  namespace: ${quote(metadata.namespace)}`,
    '  labels:',
    ...entries(metadata.labels),
    '  annotations:',
    ...entries(metadata.annotations),
    'data:',
    `  status: ${quote(data.status)}`,
    `  summary: ${quote(data.summary)}`,
    reportLine,
    ...data['report.json'].split('\n').map((line) => `    ${line}`),
    '',
  ].join('\n');
}

const reportLine = '  report.json: |';

/** The report in a file that `toYaml` wrote; null when it holds none. */
export function fromYaml(yaml: string): IntegrityReport | null {
  const [, block] = yaml.split(`${reportLine}\n`);
  return block === undefined ? null : parseReport(block);
}

/** The report in `report.json`; null when it is none of ours, or of another version. */
export function parseReport(json: string): IntegrityReport | null {
  try {
    const value: unknown = JSON.parse(json);
    const isReport = typeof value === 'object' && value !== null && 'kind' in value && 'apiVersion' in value;
    return isReport && value.kind === 'IntegrityReport' && value.apiVersion === 'keepsake.dev/v1'
      ? (value as IntegrityReport)
      : null;
  } catch {
    return null; // somebody else's text: no report, as the contract says
  }
}

/** JSON as it stands in the manifest: indented, of characters that YAML takes too. */
export function toPlainJson(value: unknown): string {
  return escapeForYaml(JSON.stringify(value, null, 2));
}

// Characters that YAML doesn't take, or takes for line breaks, written as JSON escapes; JSON itself escapes the rest.
function escapeForYaml(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const quote = (text: string): string => escapeForYaml(JSON.stringify(text));
