// The keeper as a native sidecar: an init container that is always restarted (Kubernetes 1.29, stable since 1.33), so
// that it is up before LocalStack and down after it. cdk8s-plus-27 knows no sidecars: restart policy and probes are patched.
// With live sources it is an ordinary container, which starts beside LocalStack.
import { JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import { ports } from '../../src/shared/names.ts';
import type { Environment } from '../environments.ts';
import { keepsakeContainer, keepsakeUserId, longRunning } from '../keepsake-container.ts';
import { patchManifest } from '../patches.ts';
import { httpProbe, listensOn, mountScratch, podSpecPath, startedWhen } from '../pods.ts';

export const keeperUserId = keepsakeUserId;

export interface KeeperProps {
  readonly environment: Environment;
  /** Holds the store, in its folder `keeper`. */
  readonly volume: kplus.Volume;
}

/** Adds the keeper to LocalStack's pod, listening on the S3 port. */
export function addKeeper(workload: kplus.StatefulSet, { environment, volume }: KeeperProps): void {
  const shared = keepsakeContainer('keeper', {
    ...longRunning(environment),
    command: ['keeper', 'run'],
    env: {
      KEEPER_HOST: '0.0.0.0',
      S3_PORT: String(ports.s3),
      KEEPER_UPSTREAM_URL: `http://127.0.0.1:${ports.emulator}`,
      KEEPER_DATA: dataFolder,
    },
  });
  const props = {
    ...shared,
    ports: [{ name: 's3', number: ports.s3 }],
    securityContext: { ...shared.securityContext, user: keeperUserId, group: keeperUserId },
  };
  const container =
    environment.sources.kind === 'live'
      ? workload.addContainer({ ...props, startup: hasStarted(), liveness: isAlive() })
      : addSidecar(workload, props);
  container.mount(dataFolder, volume, { subPath: 'keeper' });
  mountScratch(workload, container, '/tmp');
}

const dataFolder = '/var/lib/keepsake/keeper';

function addSidecar(workload: kplus.StatefulSet, props: kplus.ContainerProps): kplus.Container {
  const container = workload.addInitContainer(props);
  const path = `${podSpecPath(workload)}/initContainers/${workload.initContainers.indexOf(container)}`;
  const probe = (given: kplus.Probe) => kplus.k8s.toJson_Probe(given._toKube(container));
  patchManifest(
    workload,
    JsonPatch.add(`${path}/restartPolicy`, 'Always'),
    JsonPatch.add(`${path}/startupProbe`, probe(hasStarted())),
    JsonPatch.add(`${path}/livenessProbe`, probe(isAlive())),
  );
  return container;
}

/** LocalStack starts after this: so it must not wait for LocalStack. Whether S3 is ready, LocalStack's container asks. */
function hasStarted(): kplus.Probe {
  return startedWhen(listensOn(ports.s3), { withinSeconds: 60 });
}

function isAlive(): kplus.Probe {
  return httpProbe('/_keeper/livez', { port: ports.s3, everySeconds: 10, failures: 6 });
}
