// Who may talk to whom, as one table; all else is denied. Enforced by the cluster's network plugin, where it has one
// that enforces policies (kind's does).
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentName, type ComponentProps, selectorOf } from '../component.ts';
import type { Environment } from '../environments.ts';
import { traefikNamespace } from './traefik.ts';

/** A component, `door`: the ingress controller, or `outside`: any address, limited by the ports alone. */
type Peer = ComponentName | 'door' | 'outside';

interface Flow {
  readonly from: Peer;
  readonly to: Peer;
  readonly ports: readonly number[];
}

/** The API server, by its Service's port and by its own: policies see the address that a Service resolved to. */
const kubernetesPorts = [443, 6443];
const httpsPorts = [443];

function flowsOf({ objectStore, database }: Environment): readonly Flow[] {
  const isLocalStack = objectStore.kind === 'localstack';
  const s3 = isLocalStack
    ? ({ to: 'localstack', ports: [ports.s3] } as const)
    : ({ to: 'outside', ports: httpsPorts } as const);
  const postgres = { to: database.kind === 'in-cluster' ? 'postgres' : 'outside', ports: [ports.postgres] } as const;
  return [
    { from: 'door', to: 'api', ports: [ports.api] },
    { from: 'door', to: 'web', ports: [ports.web] },
    { from: 'api', ...s3 },
    { from: 'api', ...postgres },
    { from: 'reconciler', ...s3 },
    { from: 'reconciler', ...postgres },
    { from: 'reconciler', to: 'outside', ports: kubernetesPorts },
    ...(isLocalStack ? [{ from: 'bucket', ...s3 } as const] : []),
    ...(isLocalStack && objectStore.persistence === 'native'
      ? [{ from: 'localstack', to: 'outside', ports: httpsPorts } as const] // to check its licence
      : []),
  ];
}

export class Network extends Component {
  constructor(scope: Construct, props: ComponentProps) {
    super(scope, 'network', props);
    const { environment } = props;
    const flows = flowsOf(environment);
    new kplus.k8s.KubeNetworkPolicy(this, 'default', {
      metadata: { name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    const peerOf = (peer: Peer) => networkPeers(peer, environment);
    for (const component of componentsOf(flows))
      new kplus.k8s.KubeNetworkPolicy(this, component, {
        metadata: { name: component },
        spec: {
          podSelector: { matchLabels: selectorOf(component) },
          policyTypes: ['Ingress', 'Egress'],
          ingress: flows
            .filter(({ to }) => to === component)
            .map((flow) => ({ from: peerOf(flow.from), ports: tcp(flow.ports) })),
          egress: [
            dns,
            ...flows
              .filter(({ from }) => from === component)
              .map((flow) => ({ to: peerOf(flow.to), ports: tcp(flow.ports) })),
          ],
        },
      });
  }
}

function componentsOf(flows: readonly Flow[]): ComponentName[] {
  const peers = new Set(flows.flatMap(({ from, to }) => [from, to]));
  return [...peers].filter((peer) => peer !== 'door' && peer !== 'outside').toSorted();
}

/** The peers of a rule; none: anybody. An empty list in a rule means the same (NetworkPolicy v1, `from` and `to`). */
function networkPeers(peer: Peer, { door, namespace }: Environment): kplus.k8s.NetworkPolicyPeer[] {
  if (peer === 'outside') return [];
  if (peer !== 'door') return [{ podSelector: { matchLabels: selectorOf(peer) } }];
  if (door.kind === 'existing') return []; // a load balancer's address is not known here
  return [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': traefikNamespace(namespace) } },
      podSelector: { matchLabels: selectorOf('traefik') },
    },
  ];
}

function tcp(numbers: readonly number[]): kplus.k8s.NetworkPolicyPort[] {
  return numbers.map((number) => ({ protocol: 'TCP', port: kplus.k8s.IntOrString.fromNumber(number) }));
}

const dnsPort = kplus.k8s.IntOrString.fromNumber(53);
const dns: kplus.k8s.NetworkPolicyEgressRule = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: dnsPort },
    { protocol: 'TCP', port: dnsPort },
  ],
};
