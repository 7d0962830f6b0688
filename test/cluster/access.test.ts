// The rights of the system's accounts, asked of a real API server by being them: the reconciler its reports and Events,
// nothing more; the others nothing at all.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { local, override } from '../../charts/environments.ts';
import { renderManifests } from '../support/manifests.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectl, kubectlWith, ownContext } from './kubectl.ts';

const own = `keepsake-test-${randomBytes(3).toString('hex')}`;
const kinds = new Set([
  'Namespace',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);
const manifests = renderManifests(override(local, { namespace: own })).filter(
  ({ kind, metadata }) =>
    kinds.has(kind) && !metadata.name.includes('traefik') && !metadata.namespace?.endsWith('-ingress'),
);

const as = (account: string) => ['-n', own, `--as=system:serviceaccount:${own}:${account}`];
const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { status: 'Healthy' },
});

const applyAs = (account: string, manifest: object): Promise<string> =>
  kubectlWith(
    { stdin: JSON.stringify(manifest) },
    ...[...as(account), 'apply', '--server-side', '--field-manager=keepsake-reconciler', '-f', '-'],
  );

/** `kubectl auth can-i`, which exits with 1 for a no. */
const can = async (account: string, ...question: readonly string[]): Promise<boolean> => {
  const answer = await kubectl(...as(account), 'auth', 'can-i', ...question).catch(
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  return answer.trim() === 'yes';
};

describeWith(['kubernetes'], 'access', () => {
  beforeAll(async () => {
    await ownContext();
    await kubectlWith({ stdin: list(manifests.filter(({ kind }) => kind === 'Namespace')) }, 'apply', '-f', '-');
    await kubectlWith({ stdin: list(manifests) }, 'apply', '-f', '-');
    // A new admission policy is in force a moment after it was written.
    await waitFor('the guard to be in force', () =>
      applyAs('reconciler', configMap('probe')).then(() => false, isGuard),
    );
  });

  afterAll(async () => {
    await kubectlWith({ stdin: list(manifests) }, 'delete', '--wait=false', '-f', '-');
  });

  test('the reconciler writes, reads, lists and prunes its reports', async () => {
    for (const name of ['integrity-report', 'integrity-report-2026-11-24t01-00-00z'])
      await expect(applyAs('reconciler', configMap(name))).resolves.toContain('serverside-applied');
    await expect(kubectl(...as('reconciler'), 'get', 'configmaps', '-o', 'name')).resolves.toContain(
      'integrity-report',
    );
    await kubectl(...as('reconciler'), 'delete', 'configmap', 'integrity-report-2026-11-24t01-00-00z');
  });

  test.each(['keepsake-settings', 'integrity-reports', 'my-integrity-report'])(
    'the reconciler may not write the ConfigMap %s',
    async (name) => {
      await expect(applyAs('reconciler', configMap(name))).rejects.toThrow(
        'may write no ConfigMap but integrity-report and its history',
      );
    },
  );

  test('the reconciler may neither change nor delete what others made', async () => {
    await kubectl('-n', own, 'create', 'configmap', 'somebody-elses', '--from-literal=a=b');
    await expect(applyAs('reconciler', configMap('somebody-elses'))).rejects.toThrow();
    await expect(kubectl(...as('reconciler'), 'delete', 'configmap', 'somebody-elses')).rejects.toThrow(
      'may write no ConfigMap',
    );
  });

  test('somebody else is not held up by the guard', async () => {
    await expect(kubectl('-n', own, 'create', 'configmap', 'mine', '--from-literal=a=b')).resolves.toContain('created');
  });

  test('two owners of one field are told apart', async () => {
    const manifest = { ...configMap('integrity-report'), data: { status: 'Mine' } };
    await kubectlWith(
      { stdin: JSON.stringify(manifest) },
      ...['-n', own, 'apply', '--server-side', '--force-conflicts', '--field-manager=somebody', '-f', '-'],
    );
    await expect(applyAs('reconciler', configMap('integrity-report'))).rejects.toThrow('conflict with "somebody"');
  });

  test('the reconciler may make Events', async () => {
    expect(await can('reconciler', 'create', 'events')).toBe(true);
  });

  const questions = [
    ['get', 'secrets'],
    ['list', 'secrets'],
    ['delete', 'events'],
    ['update', 'configmaps'],
    ['deletecollection', 'configmaps'],
    ['get', 'pods'],
    ['create', 'pods'],
    ['create', 'pods/exec'],
    ['create', 'jobs.batch'],
    ['patch', 'deployments.apps'],
    ['get', 'roles.rbac.authorization.k8s.io'],
    ['list', 'configmaps', '-n', 'kube-system'],
    ['list', 'nodes'],
  ].map((question) => ({ name: question.join(' '), question }));

  test.each(questions)('the reconciler may not $name', async ({ question }) => {
    expect(await can('reconciler', ...question)).toBe(false);
  });

  test.each(['api', 'default'])('the account %s may nothing', async (account) => {
    for (const question of [
      ['get', 'configmaps'],
      ['create', 'events'],
      ['get', 'secrets'],
      ['list', 'pods'],
    ])
      expect(await can(account, ...question)).toBe(false);
  });
});

function isGuard(error: Error): boolean {
  return error.message.includes('may write no ConfigMap');
}
