// A fresh cluster is up in time, has started nothing twice, and has neither a failed Job nor a Warning. That holds with a check
// that comes before the bucket, as the schedule's first may.
import { expect } from 'vitest';
import { cluster } from '../../src/shared/names.ts';
import { waitFor } from '../support/wait-for.ts';
import { jobEnd, makeJob } from './jobs.ts';
import { applySystem, getJson, kubectl, namespace } from './kubectl.ts';
import { isSystemReady, restarts } from './pods.ts';

const upWithinMs = 120_000;

/** Applies all to an empty cluster, and expects it to come up without a fault. */
export async function startFresh(): Promise<void> {
  await applySystem();
  await makeJob(cluster.reconcilerCronJob, 'check-0');
  // The schedule would mix its own runs into those that the tests make.
  const isSuspended = JSON.stringify({ spec: { suspend: true } });
  await kubectl('-n', namespace, 'patch', 'cronjob', cluster.reconcilerCronJob, '--type=merge', '-p', isSuspended);
  await waitFor('all pods', isSystemReady, { timeoutMs: upWithinMs, everyMs: 500 });
  expect(await jobEnd('check-0')).toBe('Complete');
  await kubectl('-n', namespace, 'wait', '--for=condition=complete', 'job', '--all', '--timeout=30s');
  expect(await restarts()).toEqual({});
  expect(await warnings()).toEqual([]);
}

interface Event {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

/**
 * Warnings that no manifest can avoid. Each Job made by hand from a CronJob is unexpected to the controller (kubernetes:
 * pkg/controller/cronjob). A kubelet may ask for a volume's claim before its authorizer knows of the pod, and asks again
 * (plugin/pkg/auth/authorizer/node). A busy one may wait for its copy of a ConfigMap longer than it allows itself
 * (pkg/kubelet/util/manager).
 */
function isOfKubernetes({ reason, message }: Event): boolean {
  const isMadeByHand = reason === 'UnexpectedJob' && message.endsWith(': check-0');
  const ofKubelet = /no relationship found between node|failed to sync (configmap|secret) cache/;
  return isMadeByHand || (reason === 'FailedMount' && ofKubelet.test(message));
}

/** The Warnings of the system's two namespaces, each as one line. */
async function warnings(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const space of [namespace, `${namespace}-ingress`]) {
    const { items } = await getJson<{ items: Event[] }>('events', '-n', space);
    const ofWarning = items.filter((event) => event.type !== 'Normal' && !isOfKubernetes(event));
    found.push(
      ...ofWarning.map(
        (event) => `${event.involvedObject.kind}/${event.involvedObject.name} ${event.reason}: ${event.message}`,
      ),
    );
  }
  return found;
}
