// Postgres for development: one pod, one volume. Its data folder lies a level below the volume's root, where the image
// of 18 puts it, so that a file system's lost+found is no hindrance.
import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentProps, checksum } from '../component.ts';
import { exact } from '../exact.ts';
import { mountScratch, podProps, resources, seal, startedWhen } from '../pods.ts';
import { addService } from '../services.ts';
import { devDatabase } from './shared-settings.ts';

/** The user `postgres` of the official image. */
const userId = 999;

export interface PostgresProps extends ComponentProps {
  /** Size of its volume. @default 5 */
  readonly storageGiB?: number;
}

export class Postgres extends Component {
  constructor(scope: Construct, props: PostgresProps) {
    super(scope, 'postgres', props);
    const { user, password, name } = devDatabase;
    // The password alone is secret: Tilt takes each value of a Secret out of all logs, and user and database are ordinary words.
    const credentials = { POSTGRES_PASSWORD: password };
    const names = { POSTGRES_USER: user, POSTGRES_DB: name };
    const secret = new kplus.Secret(this, 'secret', { metadata: { name: 'postgres' }, stringData: credentials });
    const claim = new kplus.PersistentVolumeClaim(this, 'claim', {
      metadata: { name: 'postgres-data' },
      accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
      storage: Size.gibibytes(props.storageGiB ?? 5),
    });
    const workload = new kplus.StatefulSet(this, 'stateful-set', {
      ...podProps('postgres', userId, { credentials: checksum({ ...names, ...credentials }) }),
      metadata: { name: 'postgres' },
      service: addService(this, { name: 'postgres', port: ports.postgres }),
      replicas: 1,
      // A fast shutdown (SIGINT, the image's stop signal) ends in seconds; killed before its end it replays its log.
      terminationGracePeriod: Duration.seconds(60),
    });
    const container = workload.addContainer({
      name: 'postgres',
      image: props.environment.images.postgres,
      imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
      ports: [{ name: 'postgres', number: ports.postgres }],
      envVariables: Object.fromEntries(
        Object.entries(names).map(([variable, value]) => [variable, kplus.EnvValue.fromValue(value)] as const),
      ),
      envFrom: [kplus.Env.fromSecret(exact(secret))],
      // Over TCP: while the image makes the database, its first server listens on a socket only.
      startup: startedWhen(isReady.join(' '), { withinSeconds: 120 }),
      readiness: ask({ everySeconds: 5, failures: 2 }),
      liveness: ask({ everySeconds: 10, failures: 6 }),
      resources: resources({ cpuMillis: 100, memoryMiB: 128, memoryLimitMiB: 512 }),
    });
    container.mount('/var/lib/postgresql', kplus.Volume.fromPersistentVolumeClaim(this, 'data', exact(claim)));
    mountScratch(workload, container, '/var/run/postgresql');
    mountScratch(workload, container, '/tmp');
    seal(workload, 'postgres');
  }
}

const isReady = ['pg_isready', '-q', '-h', '127.0.0.1', '-U', devDatabase.user];

function ask({ everySeconds, failures }: { readonly everySeconds: number; readonly failures: number }): kplus.Probe {
  return kplus.Probe.fromCommand(isReady, {
    periodSeconds: Duration.seconds(everySeconds),
    timeoutSeconds: Duration.seconds(5),
    failureThreshold: failures,
  });
}
