// The policies as a cluster's network plugin reads them: who reaches whom, on which port.
import { describe, expect, test } from 'vitest';
import { renderManifests } from '../../test/support/manifests.ts';
import { type ComponentName, selectorOf } from '../component.ts';
import { aws, type Environment, local } from '../environments.ts';

interface Endpoint {
  readonly labels: Record<string, string>;
  readonly namespace: string;
}
interface Peer {
  readonly podSelector?: { readonly matchLabels?: Record<string, string> };
  readonly namespaceSelector?: { readonly matchLabels?: Record<string, string> };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface Policy {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const pod = (component: ComponentName, namespace = 'keepsake'): Endpoint => ({
  labels: selectorOf(component),
  namespace,
});
const stranger: Endpoint = { labels: { app: 'stranger' }, namespace: 'keepsake' };
const traefik = pod('traefik', 'keepsake-ingress');
const internet: Endpoint = { labels: {}, namespace: 'outside' };

const matches = (wanted: Record<string, string> | undefined, labels: Record<string, string>): boolean =>
  Object.entries(wanted ?? {}).every(([name, value]) => labels[name] === value);

function allows(rules: readonly Rule[] | undefined, side: 'from' | 'to', peer: Endpoint, port: number): boolean {
  return (rules ?? []).some((rule) => {
    const peers = rule[side] ?? [];
    const isPeer = peers.some(
      ({ podSelector, namespaceSelector }) =>
        matches(podSelector?.matchLabels, peer.labels) &&
        (namespaceSelector
          ? matches(namespaceSelector.matchLabels, { 'kubernetes.io/metadata.name': peer.namespace })
          : peer.namespace === 'keepsake'),
    );
    return (peers.length === 0 || isPeer) && (rule.ports ?? []).some((one) => one.port === port);
  });
}

function reach(environment: Environment) {
  const policies = renderManifests(environment)
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as unknown as Policy);
  const policiesOf = ({ labels, namespace }: Endpoint) =>
    namespace === 'keepsake' ? policies.filter(({ podSelector }) => matches(podSelector.matchLabels, labels)) : [];
  return (from: Endpoint, to: Endpoint, port: number): boolean => {
    const [sender, receiver] = [policiesOf(from), policiesOf(to)];
    return (
      (sender.length === 0 || sender.some(({ egress }) => allows(egress, 'to', to, port))) &&
      (receiver.length === 0 || receiver.some(({ ingress }) => allows(ingress, 'from', from, port)))
    );
  };
}

describe('local', () => {
  const mayReach = reach(local);

  test.each([
    [traefik, pod('api'), 8080],
    [traefik, pod('web'), 8081],
    [pod('api'), pod('localstack'), 4566],
    [pod('api'), pod('postgres'), 5432],
    [pod('reconciler'), pod('localstack'), 4566],
    [pod('reconciler'), pod('postgres'), 5432],
    [pod('bucket'), pod('localstack'), 4566],
    [pod('reconciler'), internet, 6443],
  ])('$0.labels reaches $1.labels on $2', (from, to, port) => expect(mayReach(from, to, port)).toBe(true));

  test.each([
    [stranger, pod('localstack'), 4566],
    [stranger, pod('postgres'), 5432],
    [stranger, pod('api'), 8080],
    [pod('web'), pod('postgres'), 5432],
    [pod('web'), pod('localstack'), 4566],
    [pod('bucket'), pod('postgres'), 5432],
    [pod('api'), pod('localstack'), 4567],
    [pod('reconciler'), pod('localstack'), 4567],
    [traefik, pod('postgres'), 5432],
    [pod('api'), internet, 443],
    [pod('localstack'), internet, 443],
    [pod('postgres'), internet, 443],
  ])('$0.labels does not reach $1.labels on $2', (from, to, port) => expect(mayReach(from, to, port)).toBe(false));
});

test('in production the API reaches S3 and its database outside, and the load balancer reaches the API', () => {
  const mayReach = reach(aws);
  expect(mayReach(pod('api'), internet, 443)).toBe(true);
  expect(mayReach(pod('api'), internet, 5432)).toBe(true);
  expect(mayReach(internet, pod('api'), 8080)).toBe(true);
  expect(mayReach(pod('web'), internet, 443)).toBe(false);
});
