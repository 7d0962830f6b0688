// The report as a ConfigMap, by server-side apply under a field manager of its own; earlier ones beside it; Events on
// what changed. Needs, in its namespace: configmaps get, list, create, patch, delete; events create.
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import { cluster } from '../../shared/names.ts';
import type { IntegrityReport } from '../../shared/report.ts';
import type { ReconcilerConfig } from '../config.ts';
import { eventsOf, type ReportEvent } from './events.ts';
import { historyLabel, parseReport, type ReportManifest, toHistory, toManifest } from './manifest.ts';
import type { ReportPublisher } from './report-publisher.ts';

type Target = Pick<ReconcilerConfig, 'namespace' | 'clusterHistory'>;

/**
 * Publishes to the cluster this pod runs in, else to the current context of KUBECONFIG; or to `config` when given.
 * Its methods throw KeepsakeError `ClusterPermissionMissing`, `ClusterConflict`, `ClusterUnreachable`.
 */
export function createClusterPublisher(target: Target, config = defaultConfig()): ReportPublisher {
  const api = config.makeApiClient(CoreV1Api);
  const { namespace } = target;
  return {
    async publish(report) {
      const before = await readCurrent(api, namespace);
      const previous = reportIn(before);
      if (previous && previous.runId !== report.runId && target.clusterHistory > 0)
        await apply(api, toHistory(toManifest(previous, namespace)));
      await apply(api, toManifest(report, namespace));
      await prune(api, target);
      for (const event of eventsOf(previous?.status ?? null, report)) await tell(api, namespace, report, event);
    },
    async latest() {
      return reportIn(await readCurrent(api, namespace));
    },
  };
}

function defaultConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

function reportIn(configMap: V1ConfigMap | null): IntegrityReport | null {
  return parseReport(configMap?.data?.['report.json'] ?? '');
}

async function readCurrent(api: CoreV1Api, namespace: string): Promise<V1ConfigMap | null> {
  try {
    return await api.readNamespacedConfigMap({ name: cluster.reportConfigMap, namespace });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null;
    throw asClusterError(error, 'get', 'configmaps', namespace);
  }
}

async function apply(api: CoreV1Api, manifest: ReportManifest): Promise<void> {
  const { name, namespace } = manifest.metadata;
  await api
    .patchNamespacedConfigMap(
      { name, namespace, body: manifest, fieldManager: cluster.fieldManager },
      setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
    )
    .catch((error: unknown) => {
      throw asClusterError(error, 'patch', `configmaps (${name})`, namespace);
    });
}

async function prune(api: CoreV1Api, { namespace, clusterHistory }: Target): Promise<void> {
  const { items } = await api
    .listNamespacedConfigMap({ namespace, labelSelector: `${historyLabel}=true` })
    .catch((error: unknown) => {
      throw asClusterError(error, 'list', 'configmaps', namespace);
    });
  const names = items.map(({ metadata }) => metadata?.name ?? '').sort(); // their names hold their times
  for (const name of names.slice(0, Math.max(0, names.length - clusterHistory)))
    await api.deleteNamespacedConfigMap({ name, namespace }).catch((error: unknown) => {
      if (error instanceof ApiException && error.code === 404) return; // another run's pruning was quicker
      throw asClusterError(error, 'delete', `configmaps (${name})`, namespace);
    });
}

async function tell(api: CoreV1Api, namespace: string, report: IntegrityReport, event: ReportEvent): Promise<void> {
  const at = new Date(report.finishedAt);
  const body = {
    metadata: { generateName: `${cluster.reportConfigMap}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: cluster.reportConfigMap, namespace },
    ...event,
    source: { component: cluster.fieldManager },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
  await api.createNamespacedEvent({ namespace, body }).catch((error: unknown) => {
    throw asClusterError(error, 'create', 'events', namespace);
  });
}

function asClusterError(error: unknown, verb: string, resource: string, namespace: string): KeepsakeError {
  const doing = `${verb} ${resource} in the namespace ${namespace}`;
  if (!(error instanceof ApiException))
    return new KeepsakeError(
      'ClusterUnreachable',
      {
        what: `the cluster did not answer to ${doing}`,
        got: reasonOf(error),
        remedy: 'Check KUBECONFIG, or set REPORT_TARGET=file.',
      },
      error,
    );
  const got = `${error.code} ${messageOf(error)}`;
  if (error.code === 403 || error.code === 401)
    return new KeepsakeError(
      'ClusterPermissionMissing',
      { what: `the reconciler may not ${doing}`, got, remedy: `Give its service account the verb ${verb} there.` },
      error,
    );
  if (error.code === 409)
    return new KeepsakeError(
      'ClusterConflict',
      {
        what: `somebody else owns fields of the report (${doing})`,
        got,
        remedy: `Hand them over: kubectl -n ${namespace} delete configmap ${cluster.reportConfigMap}; the next run writes it anew.`,
      },
      error,
    );
  return new KeepsakeError(
    'ClusterUnreachable',
    {
      what: `the cluster could not ${doing}`,
      got,
      remedy: 'Check that the namespace exists and the API server is well.',
    },
    error,
  );
}

function messageOf({ body, message }: ApiException<unknown>): string {
  const status: unknown = typeof body === 'string' ? safeParse(body) : body;
  const said = typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : message;
  return said.slice(0, 500);
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not JSON: the exception's own message is shown instead
  }
}
