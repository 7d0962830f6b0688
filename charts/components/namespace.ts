// The namespace. Pod Security refuses what is worse than `baseline`; `restricted` holds for every pod but LocalStack's,
// whose image runs as root only, and is audited.
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { Component, type ComponentProps } from '../component.ts';
import { makeClusterScoped } from '../patches.ts';

export class Namespace extends Component {
  constructor(scope: Construct, props: ComponentProps) {
    super(scope, 'namespace', props);
    const namespace = new kplus.Namespace(this, 'namespace', {
      metadata: {
        name: props.environment.namespace,
        labels: {
          'pod-security.kubernetes.io/enforce': 'baseline',
          'pod-security.kubernetes.io/audit': 'restricted',
        },
      },
    });
    makeClusterScoped(namespace);
  }
}
