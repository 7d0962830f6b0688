// The page: static files behind nginx, built into the image.
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentProps } from '../component.ts';
import { httpProbe, listensOn, mountScratch, podProps, resources, seal, startedWhen } from '../pods.ts';
import { addDisruptionBudget, addService } from '../services.ts';

/** The user of the image nginx-unprivileged. */
const userId = 101;

export class Web extends Component {
  readonly service: kplus.Service;

  constructor(scope: Construct, props: ComponentProps) {
    super(scope, 'web', props);
    const { environment } = props;
    const workload = new kplus.Deployment(this, 'deployment', {
      ...podProps('web', userId),
      metadata: { name: 'web' },
      replicas: environment.replicas.web,
    });
    const container = workload.addContainer({
      name: 'web',
      image: environment.images.web,
      imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
      ports: [{ name: 'http', number: ports.web }],
      startup: startedWhen(listensOn(ports.web), { withinSeconds: 60 }),
      readiness: httpProbe('/healthz', { port: ports.web, everySeconds: 5, failures: 2 }),
      liveness: httpProbe('/healthz', { port: ports.web, everySeconds: 10, failures: 6 }),
      resources: resources({ cpuMillis: 10, memoryMiB: 16, memoryLimitMiB: 64 }),
    });
    mountScratch(workload, container, '/tmp');
    seal(workload, 'web');
    this.service = addService(this, { name: 'http', port: ports.web });
    if (environment.replicas.web > 1) addDisruptionBudget(this);
  }
}
