import { expect, test } from 'vitest';
import { at, renderManifests } from '../../test/support/manifests.ts';
import { type Environment, local, override } from '../environments.ts';

const jobNameOf = (environment: Environment) =>
  renderManifests(environment).find(({ kind }) => kind === 'Job')?.metadata.name;

test('the same Job has the same name, on every machine', () => {
  expect(jobNameOf(local)).toMatch(/^keepsake-bucket-[0-9a-f]{12}$/);
  expect(jobNameOf(local)).toBe(jobNameOf(override(local, {})));
});

test('a changed Job has another name: the one that is there can not be changed', () => {
  const own = override(local, { images: { keepsake: 'keepsake:dev-2' } });
  expect(jobNameOf(own)).not.toBe(jobNameOf(local));
});

test('a refused setting fails it at once, by an exit code that only a Job that never restarts its pods looks at', () => {
  const job = renderManifests(local).find(({ kind }) => kind === 'Job');
  expect(at(job, 'spec', 'podFailurePolicy')).toEqual({
    rules: [{ action: 'FailJob', onExitCodes: { containerName: 'bucket', operator: 'In', values: [2] } }],
  });
  expect(at(job, 'spec', 'template', 'spec', 'restartPolicy')).toBe('Never');
});

test('what does not touch it does not rename it', () => {
  expect(jobNameOf(override(local, { host: 'pictures.localhost', replicas: { api: 3 } }))).toBe(jobNameOf(local));
});
