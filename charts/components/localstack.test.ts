import { describe, expect, test } from 'vitest';
import { at, containersOf, manifestOf, podTemplates, renderManifests } from '../../test/support/manifests.ts';
import { local, override, type Persistence } from '../environments.ts';
import { onOneProcessor } from '../one-processor.ts';

function rendered(persistence: Persistence) {
  const objectStore = { kind: 'localstack', persistence, storageGiB: 7 } as const;
  const manifests = renderManifests(override(local, { objectStore }));
  const pod = podTemplates(manifests).find(({ workload }) => workload.metadata.name === 'localstack');
  if (!pod) throw new Error('no pod of LocalStack');
  const localstack = pod.spec.containers[0];
  const env = Object.fromEntries(localstack?.env?.map(({ name, value }) => [name, value]) ?? []);
  return { manifests, pod, localstack, env, service: manifestOf(manifests, 'Service', 'localstack') };
}

test('carries the settings that a licence holder has persistence by, and the volume', () => {
  const { manifests, env } = rendered('keeper');
  expect(env).toMatchObject({
    PERSISTENCE: '1',
    SNAPSHOT_SAVE_STRATEGY: 'ON_SHUTDOWN',
    SNAPSHOT_LOAD_STRATEGY: 'ON_STARTUP',
    DATA_DIR: '/var/lib/localstack/data',
    LOCALSTACK_HOST: 'localstack:4566',
  });
  const claim = manifestOf(manifests, 'PersistentVolumeClaim', 'localstack-data');
  expect(at(claim, 'spec', 'resources', 'requests', 'storage')).toBe('7Gi');
});

describe('with the keeper', () => {
  const { pod, localstack, env, service } = rendered('keeper');
  const keeper = pod.spec.initContainers?.[0];

  test('LocalStack runs on one processor, by the entrypoint of its image', () => {
    expect(localstack?.command).toEqual([...onOneProcessor, 'docker-entrypoint.sh']);
  });

  test('LocalStack listens on loopback only and declares no port', () => {
    expect(env.GATEWAY_LISTEN).toBe('[::ffff:127.0.0.1]:4567'); // which is 127.0.0.1, and heeded
    expect(localstack?.ports).toBeUndefined();
  });

  test('the keeper is a native sidecar: started before LocalStack, restarted alone', () => {
    expect(keeper).toMatchObject({
      name: 'keeper',
      restartPolicy: 'Always',
      args: ['keeper', 'run'],
      ports: [{ containerPort: 4566 }],
    });
  });

  test('the keeper starts and lives without LocalStack; the readiness of LocalStack is the word of the keeper', () => {
    expect(at(keeper, 'livenessProbe', 'httpGet')).toMatchObject({ path: '/_keeper/livez', port: 4566 });
    expect(keeper?.readinessProbe).toBeUndefined();
    expect(at(localstack, 'readinessProbe', 'httpGet')).toMatchObject({ path: '/_keeper/readyz', port: 4566 });
  });

  test('the keeper answers for itself while it restores', () => {
    expect(service.spec).toMatchObject({ publishNotReadyAddresses: true, ports: [{ port: 4566, targetPort: 4566 }] });
  });
});

describe.each(['native', 'none'] as const)('with persistence %s', (persistence) => {
  const { pod, env, localstack } = rendered(persistence);

  test('there is no keeper, and LocalStack listens for all', () => {
    expect(containersOf(pod).map(({ name }) => name)).toEqual(['localstack']);
    expect(env.GATEWAY_LISTEN).toBe('0.0.0.0:4566');
    expect(localstack?.readinessProbe).toBeDefined();
    expect(localstack?.command).toBeUndefined(); // on as many processors as it likes
  });
});

test('native takes the token from a Secret and the image that reads it', () => {
  const { localstack } = rendered('native');
  expect(localstack?.image).toBe('localstack/localstack-pro:4.14.0');
  expect(localstack?.env).toContainEqual({
    name: 'LOCALSTACK_AUTH_TOKEN',
    valueFrom: { secretKeyRef: { name: 'localstack-auth', key: 'LOCALSTACK_AUTH_TOKEN' } },
  });
});

test('none is none: no persistence is asked for', () => {
  expect(rendered('none').env.PERSISTENCE).toBe('0');
});
