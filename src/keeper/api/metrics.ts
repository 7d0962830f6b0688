// Prometheus metrics of the keeper: requests and commits counted as they end, and all that the status tells, read when
// it is asked for. Names and units as https://prometheus.io/docs/practices/naming has them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../../shared/errors.ts';
import type { KeeperStatus } from '../../shared/keeper-api.ts';
import { sentErrorCode } from '../s3/errors.ts';

export interface KeeperMetrics {
  /** Counts a request when its answer has gone. */
  count(req: IncomingMessage, res: ServerResponse): void;
  /** Counts a commit that ended. */
  readonly commit: (seconds: number, failure: ErrorCode | null) => void;
  readonly contentType: string;
  /** `isReady`: requests are answered. */
  read(status: KeeperStatus, isReady: boolean): Promise<string>;
}

const methods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']);
const requestSeconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60];
const commitSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** Metrics in a registry of their own, so that two keepers in one process don't mix. */
export function createMetrics(): KeeperMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'keepsake_keeper_requests_total',
    help: 'Requests answered, by method and class of status',
    labelNames: ['method', 'status'] as const,
    registers,
  });
  const errors = new Counter({
    name: 'keepsake_keeper_errors_total',
    help: "Requests answered with a 5xx, by S3's code; Emulator: the emulator's own answer",
    labelNames: ['code'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'keepsake_keeper_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method'] as const,
    buckets: requestSeconds,
    registers,
  });
  const commits = new Histogram({
    name: 'keepsake_keeper_commit_duration_seconds',
    help: 'Time until a change was on disk',
    buckets: commitSeconds,
    registers,
  });
  const failures = new Counter({
    name: 'keepsake_keeper_store_errors_total',
    help: 'Changes that the store could not keep, by code',
    labelNames: ['code'] as const,
    registers,
  });
  // A series that begins with its first error would hide that one from increase().
  for (const code of ['InternalError', 'InsufficientStorage', 'ServiceUnavailable', 'NotImplemented', 'Emulator'])
    errors.inc({ code }, 0);
  for (const code of ['DiskFull', 'DataFolderUnusable', 'KeeperStoreDamaged', 'Internal']) failures.inc({ code }, 0);
  const info = new Gauge({
    name: 'keepsake_keeper_build_info',
    help: 'Always 1; its labels tell what runs',
    labelNames: ['version', 'node'] as const,
    registers,
  });
  const ready = new Gauge({
    name: 'keepsake_keeper_ready',
    help: '1 when requests are answered, if need be by putting back first what they ask for',
    registers,
  });
  const gauges = statusGauges.map(({ name, help, value }) => {
    const gauge = new Gauge({ name: `keepsake_keeper_${name}`, help, registers });
    return (status: KeeperStatus) => gauge.set(value(status));
  });
  return {
    count(req, res) {
      const begun = performance.now();
      const method = methods.has(req.method ?? '') ? (req.method ?? '') : 'other';
      res.once('close', () => {
        requests.inc({ method, status: res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'broken' });
        seconds.observe({ method }, (performance.now() - begun) / 1000);
        if (res.statusCode >= 500) errors.inc({ code: sentErrorCode(res) ?? 'Emulator' });
      });
    },
    commit(took, failure) {
      commits.observe(took);
      if (failure !== null) failures.inc({ code: failure });
    },
    contentType: registry.contentType,
    read(status, isReady) {
      ready.set(Number(isReady));
      info.set({ version: status.version, node: process.version }, 1);
      for (const set of gauges) set(status);
      return registry.metrics();
    },
  };
}

interface StatusGauge {
  readonly name: string;
  readonly help: string;
  readonly value: (status: KeeperStatus) => number;
}

const statusGauges: readonly StatusGauge[] = [
  gauge('whole', '1 when the emulator holds all that is kept', ({ state }) => Number(state === 'ready')),
  gauge('upstream_up', '1 when the emulator answers', ({ state }) =>
    Number(state === 'ready' || state === 'restoring'),
  ),
  gauge('objects', 'Objects kept', ({ counts }) => counts.objects),
  gauge('object_bytes', 'Bytes of the objects kept', ({ counts }) => counts.bytes),
  gauge('retired_versions', 'Overwritten and deleted objects kept for undo', ({ counts }) => counts.retired),
  gauge('retired_bytes', 'Bytes of the retired versions', ({ counts }) => counts.retiredBytes),
  gauge('damaged_entries', 'Entries set aside because they are damaged', ({ damaged }) => damaged.length),
  gauge('restore_objects', 'Objects that the last restore had to put back', ({ restore }) => restore.objectsTotal),
  gauge('restore_objects_done', 'Objects of the last restore that are back', ({ restore }) => restore.objectsDone),
  gauge('restore_bytes', 'Bytes that the last restore had to put back', ({ restore }) => restore.bytesTotal),
  gauge('restore_bytes_done', 'Bytes of the last restore that are back', ({ restore }) => restore.bytesDone),
  gauge('restore_left_seconds', 'About how long the restore still takes; 0 without one', ({ restore }) => {
    return restore.secondsLeft ?? 0;
  }),
  gauge(
    'unsettled_changes',
    'Changes that the emulator may show and that are not on disk yet',
    ({ lag }) => lag.changes,
  ),
  gauge('unsettled_changes_oldest_seconds', 'How long the oldest of them has been so', ({ lag }) => {
    return lag.oldestChangeMs / 1000;
  }),
  gauge('commits_waiting', 'Commits on their way to disk', ({ lag }) => lag.commits),
  gauge('commits_waiting_oldest_seconds', 'How long the oldest of them has waited', ({ lag }) => {
    return lag.oldestCommitMs / 1000;
  }),
  gauge('disk_free_bytes', 'Free bytes on the disk of the store; NaN when it can not be asked', ({ disk }) => {
    return disk?.freeBytes ?? Number.NaN;
  }),
  gauge('disk_size_bytes', 'Size of that disk', ({ disk }) => disk?.totalBytes ?? Number.NaN),
  gauge('disk_min_free_bytes', 'Free bytes below which what needs space is refused', ({ disk }) => {
    return disk?.minFreeBytes ?? Number.NaN;
  }),
  gauge('disk_low', '1 while what needs space is refused', ({ disk }) => Number(disk?.isLow === true)),
];

function gauge(name: string, help: string, value: (status: KeeperStatus) => number): StatusGauge {
  return { name, help, value };
}
