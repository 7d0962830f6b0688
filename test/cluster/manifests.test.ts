// The manifests before a real API server, and what its admission makes of the pods. Nothing is started: dry runs, in
// namespaces of their own.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aws, type Environment, local, override } from '../../charts/environments.ts';
import { type Manifest, podTemplates, renderManifests } from '../support/manifests.ts';
import { describeWith } from '../support/requirements.ts';
import { kubectl, kubectlWith, ownContext } from './kubectl.ts';

const own = `keepsake-test-${randomBytes(3).toString('hex')}`;
const restricted = `${own}-restricted`;
const environments = [local, aws].map((environment) => override(environment, { namespace: own }));

const dryRun = (manifests: readonly object[]): Promise<string> =>
  kubectlWith(
    { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }) },
    ...['apply', '--server-side', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-'],
  );

describeWith(['kubernetes'], 'the API server', () => {
  beforeAll(async () => {
    await ownContext();
    for (const name of [own, `${own}-ingress`, restricted]) await kubectl('create', 'namespace', name);
    await kubectl('label', 'namespace', restricted, 'pod-security.kubernetes.io/enforce=restricted');
  });

  afterAll(async () => {
    await kubectl('delete', 'namespace', own, `${own}-ingress`, restricted, '--wait=false');
  });

  test.each(environments)('takes every manifest of $name, each field of it', async (environment: Environment) => {
    const manifests = renderManifests(environment);
    const taken = await dryRun(manifests);
    expect(taken.trim().split('\n')).toHaveLength(manifests.length);
  });

  const pods = environments.flatMap((environment) =>
    podTemplates(renderManifests(environment)).map((template) => ({
      name: `${environment.name}: ${template.workload.metadata.name}`,
      pod: asPod(template),
    })),
  );
  // LocalStack's image runs as root only, and Traefik has the node's port 80.
  const isException = (name: string) => /: (localstack|traefik)$/.test(name);

  test.each(pods.filter(({ name }) => !isException(name)))('finds the pod of $name restricted', async ({ pod }) => {
    await expect(dryRun([pod])).resolves.toContain('pod/probe');
  });

  test.each(pods.filter(({ name }) => isException(name)))('finds the pod of $name not restricted', async ({ pod }) => {
    await expect(dryRun([pod])).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });
});

function asPod({ spec, metadata }: ReturnType<typeof podTemplates>[number]): Manifest {
  // Its account is not in this namespace, and is no part of what Pod Security looks at.
  const { serviceAccountName: _, ...rest } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: restricted, labels: metadata.labels },
    spec: { ...rest },
  };
}
