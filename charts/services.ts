// The objects before a component's pods: their address, and the budget of how many may be away at once.
import { JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import { type Component, selectorOf } from './component.ts';
import { patchManifest } from './patches.ts';

export interface ServiceOptions {
  /** Name of the port. */
  readonly name: string;
  readonly port: number;
  /** Also lead to pods that aren't ready: for a server that answers best for itself. @default false */
  readonly shouldReachUnready?: boolean;
}

/** A Service with the component's name for its pods. */
export function addService(chart: Component, options: ServiceOptions): kplus.Service {
  const { name, port, shouldReachUnready = false } = options;
  const service = new kplus.Service(chart, 'service', {
    metadata: { name: chart.component },
    ports: [{ name, port, targetPort: port }],
  });
  for (const [label, value] of Object.entries(selectorOf(chart.component))) service.selectLabel(label, value);
  if (shouldReachUnready) patchManifest(service, JsonPatch.add('/spec/publishNotReadyAddresses', true));
  return service;
}

/** Lets a drain take one pod of the component at a time. Only for more than one replica: it would block a drain. */
export function addDisruptionBudget(chart: Component): void {
  new kplus.k8s.KubePodDisruptionBudget(chart, 'disruption-budget', {
    metadata: { name: chart.component },
    spec: {
      maxUnavailable: kplus.k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: selectorOf(chart.component) },
    },
  });
}
