import { expect, test } from 'vitest';
import { at, manifestOf, podTemplates, renderManifests } from '../../test/support/manifests.ts';
import { aws, local, override } from '../environments.ts';

test('the API has /api, the page all else, on the one host', () => {
  const ingress = manifestOf(renderManifests(local), 'Ingress', 'keepsake');
  const rules = at(ingress, 'spec', 'rules') as { host: string; http: { paths: unknown[] } }[];
  const target = (path: string, name: string, number: number) => ({
    path,
    pathType: 'Prefix',
    backend: { service: { name, port: { number } } },
  });
  expect(rules).toEqual([
    {
      host: 'keepsake.localhost',
      http: { paths: expect.arrayContaining([target('/api', 'api', 8080), target('/', 'web', 8081)]) },
    },
  ]);
});

test('an API that is away is a 503, never a 404 or the page', () => {
  const pod = podTemplates(renderManifests(local)).find(({ workload }) => workload.metadata.name === 'traefik');
  expect(pod?.spec.containers[0]?.args).toContain('--providers.kubernetesingress.allowemptyservices=true');
});

test('a controller that is there gets its class, its annotations and its certificate', () => {
  const door = { kind: 'existing', className: 'nginx', annotations: { 'a/b': 'c' }, tlsSecretName: 'my-tls' } as const;
  const ingress = manifestOf(renderManifests(override(aws, { door })), 'Ingress', 'keepsake');
  expect(ingress.metadata.annotations).toEqual({ 'a/b': 'c' });
  expect(ingress.spec).toMatchObject({
    ingressClassName: 'nginx',
    tls: [{ hosts: ['keepsake.example.com'], secretName: 'my-tls' }],
  });
});
