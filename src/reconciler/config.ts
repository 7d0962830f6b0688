// Settings of the reconciler. One line a variable; all faults are reported at once.
import path from 'node:path';
import {
  booleanSetting,
  choiceSetting,
  durationSetting,
  type Environment,
  integerSetting,
  readSettings,
  textSetting,
} from '../shared/config.ts';
import { cluster } from '../shared/names.ts';

const hourMs = 3_600_000;
// The API renews an upload's sign of life every minute at the latest: five missed ones, and its process is gone.
const silentUploadMs = 300_000;

export const reconcilerSettings = {
  useLocalStack: booleanSetting('USE_LOCALSTACK', 'true for LocalStack or another emulator, false for AWS', {
    fallback: true,
  }),
  grace: durationSetting(
    'INTEGRITY_GRACE',
    'how old drift must be before it is removed; 1h with USE_LOCALSTACK, else 48h',
    {
      fallback: Number.NaN,
    },
  ),
  uploadGrace: durationSetting('UPLOAD_GRACE', 'how long an upload may show no sign of life; here 5m at most', {
    fallback: hourMs,
  }),
  maxRemovals: integerSetting(
    'INTEGRITY_MAX_REMOVALS',
    'the most things that one run may remove or adopt',
    { min: 0, max: 1_000_000 },
    { fallback: 500 },
  ),
  maxRemovalPercent: integerSetting(
    'INTEGRITY_MAX_REMOVAL_PERCENT',
    'the most that one run may remove or adopt, in per cent of all that it read (20 things are always allowed)',
    { min: 0, max: 100 },
    { fallback: 20 },
  ),
  history: integerSetting('INTEGRITY_HISTORY', 'how many reports are kept', { min: 1, max: 10_000 }, { fallback: 100 }),
  clusterHistory: integerSetting(
    'INTEGRITY_CLUSTER_HISTORY',
    'how many earlier reports are kept as ConfigMaps',
    { min: 0, max: 100 },
    { fallback: 10 },
  ),
  target: choiceSetting(
    'REPORT_TARGET',
    'where reports go: configmap (a cluster), file (the same manifest in a file), none, or auto: configmap inside a cluster, else file',
    ['auto', 'configmap', 'file', 'none'],
    { fallback: 'auto' },
  ),
  namespace: textSetting('REPORT_NAMESPACE', 'namespace of the ConfigMap integrity-report', {
    fallback: cluster.namespace,
  }),
  dataFolder: textSetting('KEEPSAKE_DATA', 'folder for reports and other data', { fallback: '.keepsake' }),
  serviceHost: textSetting('KUBERNETES_SERVICE_HOST', 'set by Kubernetes inside a pod', { fallback: '' }),
} as const;

/** The reconciler's settings. Times are milliseconds; paths are as given, relative to the working folder. */
export interface ReconcilerConfig {
  readonly graceMs: number;
  readonly uploadGraceMs: number;
  readonly limits: RemovalLimits;
  /** How many reports are kept in Postgres and as files. */
  readonly history: number;
  readonly clusterHistory: number;
  readonly target: 'configmap' | 'file' | 'none';
  readonly namespace: string;
  /** Where full findings go, one NDJSON file a run; null: nowhere. */
  readonly findingsFolder: string | null;
  /** Where the manifest goes with `target` file. */
  readonly manifestFile: string;
}

/** P9: the brake. A run that would touch more removes and adopts nothing. Restoring and finishing are exempt. */
export interface RemovalLimits {
  readonly maxCount: number;
  /** Of all keys read, 0 to 1. */
  readonly maxShare: number;
}

/** @throws KeepsakeError `InvalidSettings` with all faults. */
export function readReconcilerConfig(env: Environment): ReconcilerConfig {
  const read = readSettings(env, reconcilerSettings);
  const defaultGraceMs = read.useLocalStack ? hourMs : 48 * hourMs;
  // A stranger's kubectl context is never written to by surprise: auto means a pod's own cluster or no cluster.
  const target = read.target === 'auto' ? (read.serviceHost ? 'configmap' : 'file') : read.target;
  return Object.freeze({
    graceMs: Number.isNaN(read.grace) ? defaultGraceMs : read.grace,
    uploadGraceMs: Math.min(read.uploadGrace, silentUploadMs),
    limits: Object.freeze({ maxCount: read.maxRemovals, maxShare: read.maxRemovalPercent / 100 }),
    history: read.history,
    clusterHistory: read.clusterHistory,
    target,
    namespace: read.namespace,
    findingsFolder: target === 'file' ? path.join(read.dataFolder, 'reports') : null,
    manifestFile: path.join(read.dataFolder, 'integrity-report.yaml'),
  });
}
