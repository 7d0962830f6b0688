// The report in a real cluster: server-side apply, its history, Events, and what a conflict or a missing right says.
import { randomUUID } from 'node:crypto';
import { ApiException, CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClusterPublisher } from '../../src/reconciler/publish/cluster-publisher.ts';
import { toManifest } from '../../src/reconciler/publish/manifest.ts';
import type { ReportPublisher } from '../../src/reconciler/publish/report-publisher.ts';
import type { IntegrityReport } from '../../src/shared/report.ts';
import { aReport } from '../support/a-report.ts';
import { describeWith } from '../support/requirements.ts';

describeWith(['kubernetes'], 'the report in a cluster', () => {
  const namespace = `reconciler-test-${randomUUID().slice(0, 8)}`;
  let config: KubeConfig;
  let api: CoreV1Api;
  let publisher: ReportPublisher;

  beforeAll(async () => {
    config = new KubeConfig();
    config.loadFromDefault();
    api = config.makeApiClient(CoreV1Api);
    await api.createNamespace({ body: { metadata: { name: namespace } } });
    publisher = createClusterPublisher({ namespace, clusterHistory: 2 }, config);
  });
  afterAll(() => api.deleteNamespace({ name: namespace }));

  const at = (minute: number, fields: Partial<IntegrityReport> = {}): IntegrityReport =>
    aReport({ runId: randomUUID(), finishedAt: `2026-11-24T01:${String(minute).padStart(2, '0')}:00.000Z`, ...fields });

  test('keeps the newest report under its name and the last ones beside it', async () => {
    expect(await publisher.latest()).toBeNull();
    for (const minute of [1, 2, 3, 4]) await publisher.publish(at(minute));
    const { items } = await api.listNamespacedConfigMap({
      namespace,
      labelSelector: 'app.kubernetes.io/name=keepsake',
    });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual([
      'integrity-report',
      'integrity-report-2026-11-24t01-02-00z',
      'integrity-report-2026-11-24t01-03-00z',
    ]);
    const newest = items[0];
    expect(newest?.data?.status).toBe('Healthy');
    expect(newest?.metadata?.labels?.['keepsake.dev/status']).toBe('Healthy');
    expect(newest?.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(['keepsake-reconciler']);
    expect((await publisher.latest())?.finishedAt).toBe('2026-11-24T01:04:00.000Z');
  });

  test('tells a change of status and repairs in Events, and nothing when nothing changed', async () => {
    const reasons = async () => (await api.listNamespacedEvent({ namespace })).items.map(({ reason }) => reason).sort();
    expect(await reasons()).toEqual([]);
    await publisher.publish(at(5, { status: 'Degraded' }));
    await publisher.publish(at(6, { status: 'Degraded' }));
    expect(await reasons()).toEqual(['DriftFound']);
    const actions = { planned: 2, done: 2, failed: 0, skipped: 0, sample: [] };
    await publisher.publish(at(7, { status: 'Healthy', mode: 'repair', actions }));
    expect(await reasons()).toEqual(['DriftFound', 'Recovered', 'Repaired']);
  });

  test("says who owns the fields when somebody else took them, and doesn't take them back", async () => {
    const theirs = toManifest(at(8, { status: 'Suspicious' }), namespace);
    await api.replaceNamespacedConfigMap({
      name: 'integrity-report',
      namespace,
      body: theirs,
      fieldManager: 'somebody',
    });
    await expect(publisher.publish(at(9))).rejects.toMatchObject({
      code: 'ClusterConflict',
      detail: { got: expect.stringContaining('somebody'), remedy: expect.stringContaining('delete configmap') },
    });
    await api.deleteNamespacedConfigMap({ name: 'integrity-report', namespace });
    await publisher.publish(at(10));
  });

  test('names the verb and the resource that it may not', async () => {
    const asReader = new KubeConfig();
    asReader.loadFromString(config.exportConfig());
    const rbac = config.makeApiClient(RbacAuthorizationV1Api);
    const metadata = { name: 'reader', namespace };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
    await rbac.createNamespacedRole({ namespace, body: { metadata, rules } });
    const user = `reader-${namespace}`;
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
    await rbac.createNamespacedRoleBinding({ namespace, body: { metadata, roleRef, subjects } });
    const impersonating = asReader.getCurrentUser();
    if (impersonating) Object.assign(impersonating, { impersonateUser: user });
    await expect(
      createClusterPublisher({ namespace, clusterHistory: 0 }, asReader).publish(at(11)),
    ).rejects.toMatchObject({
      code: 'ClusterPermissionMissing',
      message: expect.stringMatching(/may not patch configmaps \(integrity-report\)/),
    });
  });

  test('says when the namespace is not there', async () => {
    const nowhere = createClusterPublisher({ namespace: `${namespace}-not`, clusterHistory: 2 }, config);
    await expect(nowhere.publish(at(12))).rejects.toMatchObject({ code: 'ClusterUnreachable' });
    await expect(api.readNamespace({ name: `${namespace}-not` })).rejects.toBeInstanceOf(ApiException);
  });
});
