// LocalStack, and in front of it the keeper: one pod, one volume, one address. With the keeper, LocalStack listens on
// the pod's loopback only, so nobody can go round it; whichever of the two dies is restarted alone.
import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentProps } from '../component.ts';
import type { Persistence } from '../environments.ts';
import { exact } from '../exact.ts';
import { onOneProcessor } from '../one-processor.ts';
import { httpProbe, mountScratch, podProps, resources, seal, startedAfter, startedWhen } from '../pods.ts';
import { addService } from '../services.ts';
import { addKeeper, keeperUserId } from './keeper.ts';

export interface LocalStackProps extends ComponentProps {
  /** The part that makes objects outlive LocalStack's process. @default 'keeper' */
  readonly persistence?: Persistence;
  /** Size of the volume, which the keeper's store and LocalStack's own folder share. @default 10 */
  readonly storageGiB?: number;
}

export class LocalStack extends Component {
  constructor(scope: Construct, props: LocalStackProps) {
    super(scope, 'localstack', props);
    const persistence = props.persistence ?? 'keeper';
    const hasKeeper = persistence === 'keeper';
    const claim = new kplus.PersistentVolumeClaim(this, 'claim', {
      metadata: { name: 'localstack-data' },
      accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
      storage: Size.gibibytes(props.storageGiB ?? 10),
    });
    const volume = kplus.Volume.fromPersistentVolumeClaim(this, 'data', exact(claim));
    const workload = new kplus.StatefulSet(this, 'stateful-set', {
      ...podProps('localstack', keeperUserId),
      // LocalStack's image runs as root only (localstack#12603, #12485): said per container below.
      securityContext: {
        fsGroup: keeperUserId,
        fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH,
        ensureNonRoot: false,
      },
      metadata: { name: 'localstack' },
      // The keeper's 503 while it restores tells a client more than a refused connection.
      service: addService(this, { name: 's3', port: ports.s3, shouldReachUnready: hasKeeper }),
      replicas: 1,
      terminationGracePeriod: Duration.seconds(30),
    });
    if (hasKeeper) addKeeper(workload, { environment: props.environment, volume });
    const container = workload.addContainer({
      name: 'localstack',
      image: props.environment.images.localstack ?? imageOf(persistence),
      imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
      ...(hasKeeper && { command: [...onOneProcessor, 'docker-entrypoint.sh'] }), // the image's own entrypoint
      envVariables: this.#environmentOf(persistence),
      ...(hasKeeper ? probesInside() : probesOutside()),
      ...(!hasKeeper && { ports: [{ name: 's3', number: ports.s3 }] }),
      resources: resources({ cpuMillis: 100, memoryMiB: 512, memoryLimitMiB: 2048 }),
      securityContext: {
        user: 0,
        ensureNonRoot: false,
        readOnlyRootFilesystem: false,
        allowPrivilegeEscalation: false,
      },
    });
    container.mount('/var/lib/localstack', volume, { subPath: 'localstack' });
    mountScratch(workload, container, '/tmp');
    seal(workload, 'localstack', { localstack: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] });
  }

  #environmentOf(persistence: Persistence): Record<string, kplus.EnvValue> {
    const listen = persistence === 'keeper' ? `[${mappedLoopback}]:${ports.emulator}` : `0.0.0.0:${ports.s3}`;
    const settings = {
      SERVICES: 's3',
      EAGER_SERVICE_LOADING: '1',
      GATEWAY_LISTEN: listen,
      LOCALSTACK_HOST: `localstack:${ports.s3}`, // the host that LocalStack writes into URLs
      // The settings that give a licence holder persistence. Without a licence they do nothing: measured in
      // docs/decisions.
      PERSISTENCE: persistence === 'none' ? '0' : '1',
      SNAPSHOT_SAVE_STRATEGY: 'ON_SHUTDOWN',
      SNAPSHOT_LOAD_STRATEGY: 'ON_STARTUP',
      DATA_DIR: '/var/lib/localstack/data',
      // Nothing that leaves the cluster, or waits for what can't be reached.
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DNS_ADDRESS: '0',
    };
    const values = Object.entries(settings).map(([name, value]) => [name, kplus.EnvValue.fromValue(value)] as const);
    const token = () => {
      const secret = kplus.Secret.fromSecretName(this, 'auth', 'localstack-auth');
      return kplus.EnvValue.fromSecretValue({ secret, key: 'LOCALSTACK_AUTH_TOKEN' });
    };
    return { ...Object.fromEntries(values), ...(persistence === 'native' && { LOCALSTACK_AUTH_TOKEN: token() }) };
  }
}

/** 4.14.0 is the last release that starts without a token; persistence of its own is in the licensed image only. */
function imageOf(persistence: Persistence): string {
  return persistence === 'native' ? 'localstack/localstack-pro:4.14.0' : 'localstack/localstack:4.14.0';
}

/**
 * Behind the keeper LocalStack can only be asked from within its pod. Whether S3 is ready is the keeper's to say: when LocalStack
 * has started, the keeper has a while to fill it, and from then on its answer is the pod's.
 */
function probesInside() {
  const curl = ['curl', '-fsS', '-m', '5', '-o', '/dev/null'];
  const health = [...curl, `${inside}/_localstack/health`];
  const isFilled = [...curl, `http://127.0.0.1:${ports.s3}${readyz}`].join(' ');
  const start = `until ${health.join(' ')}; do sleep 0.5; done; for try in $(seq 60); do ${isFilled} && break; sleep 0.5; done`;
  return {
    startup: startedAfter(['sh', '-c', start], { withinSeconds: 180 }),
    readiness: httpProbe(readyz, { port: ports.s3, everySeconds: 2, failures: 1 }),
    liveness: kplus.Probe.fromCommand(health, {
      periodSeconds: Duration.seconds(10),
      timeoutSeconds: Duration.seconds(6),
      failureThreshold: 6,
    }),
  };
}

const readyz = '/_keeper/readyz';

/**
 * 127.0.0.1 as an IPv6 address. LocalStack 4.14 takes only the port of an IPv4 one and listens on all addresses
 * (localstack/runtime/server/twisted.py). Of an IPv6 one it takes both, and this one is reached by IPv4 alone.
 */
const mappedLoopback = '::ffff:127.0.0.1';

const inside = `http://127.0.0.1:${ports.emulator}`;

function probesOutside() {
  const ask = (everySeconds: number, failures: number) =>
    httpProbe('/_localstack/health', { port: ports.s3, everySeconds, failures });
  const health = `curl -fsS -m 5 -o /dev/null http://127.0.0.1:${ports.s3}/_localstack/health`;
  return { startup: startedWhen(health, { withinSeconds: 180 }), readiness: ask(5, 2), liveness: ask(10, 6) };
}
