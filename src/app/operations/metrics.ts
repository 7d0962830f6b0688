// The metrics that Prometheus reads at /metrics. One registry an app, so that two apps in one process don't share
// counters.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

interface ObservedRequest {
  readonly method: string;
  /** The route's template, never the path: the number of labels stays small. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface Metrics {
  readonly contentType: string;
  observeRequest(request: ObservedRequest): void;
  /** One upload ended: `stored`, or the code of the error that ended it. */
  countUpload(outcome: string, sizeBytes: number): void;
  /** All metrics as Prometheus' text. */
  text(): Promise<string>;
}

/** `outboxDepth` is asked at each scrape; undefined when it isn't known. */
export function createMetrics(outboxDepth: () => Promise<number | undefined>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'keepsake_http_request_duration_seconds',
    help: 'Time to answer a request, by route template.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const uploads = new Counter({
    name: 'keepsake_uploads_total',
    help: 'Uploads by outcome: stored, or the code of the error.',
    labelNames: ['outcome'],
    registers,
  });
  const uploadedBytes = new Counter({
    name: 'keepsake_uploaded_bytes_total',
    help: 'Bytes of stored uploads.',
    registers,
  });
  new Gauge({
    name: 'keepsake_outbox_entries',
    help: 'Objects that wait to be deleted; NaN while the database is away.',
    registers,
    async collect() {
      this.set((await outboxDepth()) ?? Number.NaN);
    },
  });
  collectDefaultMetrics({ register: registry, prefix: 'keepsake_' });
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    observeRequest: ({ method, route, status, durationMs }) =>
      durations.observe({ method, route, status: String(status) }, durationMs / 1000),
    countUpload(outcome, sizeBytes) {
      uploads.inc({ outcome });
      uploadedBytes.inc(sizeBytes);
    },
    text: () => registry.metrics(),
  };
}
