// The rules for every pod of every environment, whatever its component says.
import { describe, expect, test } from 'vitest';
import { containersOf, manifestOf, podTemplates, renderManifests } from '../test/support/manifests.ts';
import { aws, local, override, tilt } from './environments.ts';

const pods = [local, tilt, aws].flatMap((environment) =>
  podTemplates(renderManifests(environment)).map((pod) => ({
    name: `${environment.name}: ${pod.workload.metadata.name}`,
    pod,
  })),
);

const isJob = (kind: string) => kind === 'Job' || kind === 'CronJob';

describe.each(pods)('$name', ({ pod }) => {
  const containers = containersOf(pod).map((container) => ({ name: container.name, container }));

  test('gets no service links, a token only with an account of its own, and the default seccomp profile', () => {
    expect(pod.spec.enableServiceLinks).toBe(false);
    expect(pod.spec.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    if (pod.spec.automountServiceAccountToken) expect(pod.spec.serviceAccountName).toBeDefined();
  });

  test('has the recommended labels, and is selected by them alone', () => {
    expect(pod.metadata.labels).toEqual({
      'app.kubernetes.io/name': expect.any(String),
      'app.kubernetes.io/part-of': 'keepsake',
    });
  });

  test.each(containers)('$name asks for memory and CPU, and has a limit of memory', ({ container }) => {
    expect(container.resources).toEqual({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });

  test.each(containers)(
    '$name is restricted, unless it is LocalStack, which is root with three capabilities',
    ({ container }) => {
      const { securityContext } = container;
      expect(securityContext?.allowPrivilegeEscalation).toBe(false);
      expect(securityContext?.capabilities?.drop).toEqual(['ALL']);
      const isLocalStack = container.name === 'localstack';
      expect(securityContext?.runAsNonRoot).toBe(!isLocalStack);
      const isLive = container.image === 'keepsake-live:dev';
      expect(securityContext?.readOnlyRootFilesystem).toBe(!isLocalStack && !isLive);
      expect(securityContext?.capabilities?.add).toEqual(
        isLocalStack ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : undefined,
      );
    },
  );

  test.each(containers)('$name mounts only volumes that its pod has', ({ container }) => {
    const volumes = (pod.spec.volumes ?? []).map(({ name }) => name);
    expect(volumes).toEqual(expect.arrayContaining((container.volumeMounts ?? []).map(({ name }) => name)));
  });

  test.each(containers)(
    '$name has a start that waits: a probe that fails is a Warning in the events',
    ({ container }) => {
      expect(container.startupProbe ?? { exec: {}, failureThreshold: 1 }).toMatchObject({
        exec: {},
        failureThreshold: 1,
      });
    },
  );

  test.each(containers)('$name is probed while it runs', ({ container }) => {
    const probes = [container.startupProbe, container.livenessProbe].map((probe) => probe !== undefined);
    expect(probes).toEqual(isJob(pod.workload.kind) ? [false, false] : [true, true]);
  });
});

test('production has two pods of api and web, and a drain takes one at a time', () => {
  const manifests = renderManifests(aws);
  for (const name of ['api', 'web']) {
    expect(manifestOf(manifests, 'Deployment', name).spec).toMatchObject({ replicas: 2 });
    expect(manifestOf(manifests, 'PodDisruptionBudget', name).spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
    });
  }
});

test('one pod alone has no budget, which would block every drain', () => {
  expect(renderManifests(local).filter(({ kind }) => kind === 'PodDisruptionBudget')).toEqual([]);
});

test('every image is the one that a user names', () => {
  const own = { keepsake: 'a:1', web: 'b:2', localstack: 'c:3', postgres: 'd:4', traefik: 'e:5' };
  const named = podTemplates(renderManifests(override(local, { images: own })))
    .flatMap(containersOf)
    .map(({ image }) => image);
  expect(new Set(named)).toEqual(new Set(Object.values(own)));
});

test('AWS gets a role for the accounts that speak to S3, and no LocalStack, keeper, Postgres or ingress controller', () => {
  const manifests = renderManifests(aws);
  const roleArn = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/keepsake' };
  for (const name of ['api', 'reconciler'])
    expect(manifestOf(manifests, 'ServiceAccount', name).metadata.annotations).toEqual(roleArn);
  const workloads = podTemplates(manifests).map(({ workload }) => workload.metadata.name);
  expect(workloads).toEqual(['api', 'web', 'keepsake-reconciler', 'keepsake-repair']);
  expect(manifests.some(({ kind }) => kind === 'Secret')).toBe(false);
});

test('Tilt changes images and what a live update needs, nothing else', () => {
  const containers = (environment: typeof local) => podTemplates(renderManifests(environment)).flatMap(containersOf);
  const [sealed, live] = [containers(local), containers(tilt)].map((all) => new Map(all.map((one) => [one.name, one])));
  for (const name of ['api', 'keeper']) {
    const { image, securityContext, restartPolicy: _, ...rest } = sealed?.get(name) ?? { name, image: '' };
    expect(live?.get(name)).toEqual({
      ...rest,
      image: 'keepsake-live:dev',
      securityContext: { ...securityContext, readOnlyRootFilesystem: false },
    });
    sealed?.delete(name);
    live?.delete(name);
  }
  expect(live).toEqual(sealed);
  expect(podTemplates(renderManifests(tilt)).flatMap(({ spec }) => spec.initContainers ?? [])).toEqual([]);
});
