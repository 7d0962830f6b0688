// One host: `/api` goes to the API, all else to the page. Plain Ingress, so that any controller can serve it.
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { Component, type ComponentProps } from '../component.ts';
import { traefikClassName } from './traefik.ts';

export interface IngressProps extends ComponentProps {
  readonly api: kplus.Service;
  readonly web: kplus.Service;
}

export class Ingress extends Component {
  constructor(scope: Construct, props: IngressProps) {
    super(scope, 'ingress', props);
    const { door, host } = props.environment;
    const ingress = new kplus.Ingress(this, 'ingress', {
      metadata: { name: 'keepsake', annotations: door.kind === 'existing' ? { ...door.annotations } : {} },
      className: door.kind === 'existing' ? door.className : traefikClassName,
    });
    ingress.addHostRule(host, '/api', kplus.IngressBackend.fromService(props.api));
    ingress.addHostRule(host, '/', kplus.IngressBackend.fromService(props.web));
    if (door.kind === 'existing' && door.tlsSecretName)
      ingress.addTls([{ hosts: [host], secret: kplus.Secret.fromSecretName(this, 'tls', door.tlsSecretName) }]);
  }
}
