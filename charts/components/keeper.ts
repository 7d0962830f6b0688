// The keeper as a native sidecar: an init container that is always restarted (Kubernetes 1.29, stable since 1.33), so
// that it is up before LocalStack and down after it. cdk8s-plus-27 knows no sidecars: restart policy and probes are patched.
import { JsonPatch } from 'cdk8s';
import type * as kplus from 'cdk8s-plus-27';
import { ports } from '../../src/shared/names.ts';
import { keepsakeContainer, keepsakeUserId } from '../keepsake-container.ts';
import { patchManifest } from '../patches.ts';
import { mountScratch, podSpecPath } from '../pods.ts';

export const keeperUserId = keepsakeUserId;

export interface KeeperProps {
  readonly image: string;
  /** Holds the store, in its folder `keeper`. */
  readonly volume: kplus.Volume;
}

/** Adds the keeper to LocalStack's pod, listening on the S3 port. */
export function addKeeper(workload: kplus.StatefulSet, { image, volume }: KeeperProps): void {
  const container = workload.addInitContainer({
    ...keepsakeContainer('keeper', {
      image,
      command: ['keeper', 'run'],
      env: {
        KEEPER_HOST: '0.0.0.0',
        S3_PORT: String(ports.s3),
        KEEPER_UPSTREAM_URL: `http://127.0.0.1:${ports.emulator}`,
        KEEPER_DATA: dataFolder,
      },
    }),
    ports: [{ name: 's3', number: ports.s3 }],
    securityContext: { user: keeperUserId, group: keeperUserId },
  });
  container.mount(dataFolder, volume, { subPath: 'keeper' });
  mountScratch(workload, container, '/tmp');
  const path = `${podSpecPath(workload)}/initContainers/${workload.initContainers.indexOf(container)}`;
  patchManifest(
    workload,
    JsonPatch.add(`${path}/restartPolicy`, 'Always'),
    // LocalStack starts after this one has: it must not wait for LocalStack, so it asks for life, not readiness.
    JsonPatch.add(`${path}/startupProbe`, probe('livez', { everySeconds: 1, failures: 60 })),
    JsonPatch.add(`${path}/livenessProbe`, probe('livez', { everySeconds: 10, failures: 6 })),
    JsonPatch.add(`${path}/readinessProbe`, probe('readyz', { everySeconds: 2, failures: 1 })),
  );
}

const dataFolder = '/var/lib/keepsake/keeper';

function probe(path: string, { everySeconds, failures }: { readonly everySeconds: number; readonly failures: number }) {
  return {
    httpGet: { path: `/_keeper/${path}`, port: ports.s3 },
    periodSeconds: everySeconds,
    timeoutSeconds: 5,
    failureThreshold: failures,
  };
}
