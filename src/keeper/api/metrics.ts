// Prometheus metrics of the keeper: requests by what came of them, and the store's counts read when asked for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { KeeperStatus } from '../../shared/keeper-api.ts';

export interface KeeperMetrics {
  /** Counts a request when its answer has gone. */
  count(req: IncomingMessage, res: ServerResponse): void;
  readonly contentType: string;
  read(): Promise<string>;
}

const methods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']);

/** Metrics in a registry of their own, so that two keepers in one process don't mix. */
export function createMetrics(status: () => KeeperStatus): KeeperMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'keepsake_keeper_requests_total',
    help: 'Requests answered, by method and class of status',
    labelNames: ['method', 'status'] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'keepsake_keeper_request_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method'] as const,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60],
    registers: [registry],
  });
  const gauge = (name: string, help: string, value: (now: KeeperStatus) => number): void => {
    new Gauge({
      name: `keepsake_keeper_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value(status()));
      },
    });
  };
  gauge('ready', '1 when the emulator is whole and requests are answered', ({ state }) => (state === 'ready' ? 1 : 0));
  gauge('objects', 'Objects kept', ({ counts }) => counts.objects);
  gauge('object_bytes', 'Bytes of the objects kept', ({ counts }) => counts.bytes);
  gauge('retired_versions', 'Overwritten and deleted objects kept for undo', ({ counts }) => counts.retired);
  gauge('retired_bytes', 'Bytes of the retired versions', ({ counts }) => counts.retiredBytes);
  gauge('damaged_entries', 'Entries set aside because they are damaged', ({ damaged }) => damaged.length);
  gauge('restore_objects_done', 'Objects put back by the last restore', ({ restore }) => restore.objectsDone);
  gauge('restore_objects_total', 'Objects the last restore had to put back', ({ restore }) => restore.objectsTotal);
  return {
    count(req, res) {
      const begun = performance.now();
      const method = methods.has(req.method ?? '') ? (req.method ?? '') : 'other';
      res.once('close', () => {
        requests.inc({ method, status: res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'broken' });
        seconds.observe({ method }, (performance.now() - begun) / 1000);
      });
    },
    contentType: registry.contentType,
    read: () => registry.metrics(),
  };
}
