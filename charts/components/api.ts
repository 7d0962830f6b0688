// The HTTP API. A pod counts as started once it has met its database and its bucket; from then on it answers for
// itself. In an outage of theirs its errors and debug views still reach those who need them.
import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentProps } from '../component.ts';
import { exact } from '../exact.ts';
import {
  keepsakeContainer,
  keepsakeUserId,
  longRunning,
  roleAnnotations,
  untilAnswered,
} from '../keepsake-container.ts';
import { httpProbe, mountScratch, podProps, seal, startedAfter } from '../pods.ts';
import { addDisruptionBudget, addService } from '../services.ts';
import type { SharedSettings } from './shared-settings.ts';

export interface ApiProps extends ComponentProps {
  readonly settings: SharedSettings;
}

export class Api extends Component {
  readonly service: kplus.Service;

  constructor(scope: Construct, props: ApiProps) {
    super(scope, 'api', props);
    const { environment, settings } = props;
    const account = new kplus.ServiceAccount(this, 'service-account', {
      metadata: { name: 'api', annotations: roleAnnotations(environment) },
    });
    const workload = new kplus.Deployment(this, 'deployment', {
      ...podProps('api', keepsakeUserId, settings.checksums),
      metadata: { name: 'api' },
      replicas: environment.replicas.api,
      strategy: kplus.DeploymentStrategy.rollingUpdate({
        maxSurge: kplus.PercentOrAbsolute.absolute(1),
        maxUnavailable: kplus.PercentOrAbsolute.absolute(0),
      }),
      serviceAccount: exact(account),
      terminationGracePeriod: Duration.seconds(60), // uploads in progress may end
    });
    const ask = (path: string, everySeconds: number, failures: number) =>
      httpProbe(path, { port: ports.api, everySeconds, failures });
    const container = workload.addContainer({
      ...keepsakeContainer('api', {
        ...longRunning(environment),
        command: ['api'],
        envFrom: settings.envFrom,
        // Its runs are shown by itself; the ConfigMap is the reconciler's, whose account alone may write it.
        env: { HOST: '0.0.0.0', PORT: String(ports.api), REPORT_TARGET: 'none', KEEPSAKE_DATA: '/tmp' },
        resources: { cpuMillis: 100, memoryMiB: 192, memoryLimitMiB: 768 },
      }),
      ports: [{ name: 'http', number: ports.api }],
      startup: startedAfter(untilAnswered(`http://127.0.0.1:${ports.api}/readyz`), { withinSeconds: 600 }),
      readiness: ask('/healthz', 5, 2),
      liveness: ask('/healthz', 10, 6),
    });
    mountScratch(workload, container, '/tmp');
    seal(workload, 'api');
    this.service = addService(this, { name: 'http', port: ports.api });
    if (environment.replicas.api > 1) addDisruptionBudget(this);
  }
}
