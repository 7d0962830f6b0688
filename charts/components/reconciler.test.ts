import { expect, test } from 'vitest';
import { at, manifestOf, podTemplates, renderManifests } from '../../test/support/manifests.ts';
import { aws, local } from '../environments.ts';

const manifests = renderManifests(local);
const cronJob = (name: string) => manifestOf(manifests, 'CronJob', name).spec;

test('one run at a time, with an end, and a short history', () => {
  expect(cronJob('keepsake-reconciler')).toMatchObject({
    schedule: '*/5 * * * *',
    suspend: false,
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: { spec: { activeDeadlineSeconds: 1800, backoffLimit: 3 } },
  });
});

test('the repair runs only when a person makes a Job of it', () => {
  expect(cronJob('keepsake-repair')).toMatchObject({ suspend: true });
});

test('what a run ends with fails the Job at once: it has waited and tried again where that helps', () => {
  expect(at(cronJob('keepsake-reconciler'), 'jobTemplate', 'spec', 'podFailurePolicy')).toEqual({
    rules: [{ action: 'FailJob', onExitCodes: { containerName: 'reconciler', operator: 'In', values: [1, 2] } }],
  });
});

test('a check only looks, a repair removes no orphan', () => {
  const commands = podTemplates(manifests)
    .filter(({ workload }) => workload.kind === 'CronJob')
    .map(({ spec }) => spec.containers[0]?.args);
  expect(commands).toEqual([
    ['reconcile', '--wait', '3m'],
    ['reconcile', '--fix', '--wait', '3m'],
  ]);
});

test.each([
  [local, '1h'],
  [aws, '48h'],
])('reports go to the ConfigMap of its namespace, with the grace of $0.name', (environment, grace) => {
  const [pod] = podTemplates(renderManifests(environment)).filter(({ workload }) => workload.kind === 'CronJob');
  expect(pod?.spec.containers[0]?.env).toEqual(
    expect.arrayContaining([
      { name: 'REPORT_TARGET', value: 'configmap' },
      { name: 'REPORT_NAMESPACE', value: 'keepsake' },
      { name: 'INTEGRITY_GRACE', value: grace },
    ]),
  );
});
