// Pods of the system as the tests see them: which are ready, how often their containers started, and how they die.
import { readdirSync, readFileSync } from 'node:fs';
import { getJson } from './kubectl.ts';

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly containerID?: string;
}
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Record<string, string> };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** The pods that stay: those of api, web, localstack and postgres. */
export async function servingPods(): Promise<readonly Pod[]> {
  const selector = 'app.kubernetes.io/name in (api,web,localstack,postgres)';
  return (await getJson<{ items: Pod[] }>('pods', '-l', selector)).items;
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Whether one pod of each kind is there, and all are ready. */
export async function isSystemReady(): Promise<boolean> {
  const pods = await servingPods();
  return pods.length === 4 && pods.every(isReady);
}

/** Restarts by container, of those that had any. */
export async function restarts(): Promise<Record<string, number>> {
  const statuses = (await servingPods()).flatMap(statusesOf);
  return Object.fromEntries(
    statuses.filter(({ restartCount }) => restartCount > 0).map(({ name, restartCount }) => [name, restartCount]),
  );
}

/**
 * Kills all processes of a container with SIGKILL, from outside: within it, its first process can't be killed. The
 * processes are found by their cgroup, so the node must run on this machine (kind's and the testbed's do).
 */
export async function killContainer(pod: string, container: string): Promise<void> {
  const status = statusesOf(await getJson<Pod>('pod', pod)).find(({ name }) => name === container);
  const id = status?.containerID?.replace(/^.*:\/\//, '');
  const processes = id ? processesOf(id) : [];
  if (processes.length === 0) throw new Error(`no process of ${pod}/${container} (${id}) is visible on this machine`);
  for (const process_ of processes) process.kill(process_, 'SIGKILL');
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}

function processesOf(containerId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && cgroupOf(name).includes(containerId))
    .map(Number);
}

function cgroupOf(processId: string): string {
  try {
    return readFileSync(`/proc/${processId}/cgroup`, 'utf8');
  } catch {
    return ''; // it ended while we looked: not one to kill
  }
}
