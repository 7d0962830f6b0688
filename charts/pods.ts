// Pods as this project runs them: non-root, read-only root, no capabilities, no token, no service links. Patches in,
// here and nowhere else, the fields that cdk8s-plus-27 does not know (seccomp, capabilities `drop`, service links).
import path from 'node:path';
import { Duration, JsonPatch, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import { type ComponentName, selectorOf } from './component.ts';
import { patchManifest } from './patches.ts';

/** Memory in MiB, CPU in thousandths. No CPU limit: throttling would only slow what the node has time for. */
export interface Resources {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly memoryLimitMiB: number;
}

export function resources({ cpuMillis, memoryMiB, memoryLimitMiB }: Resources): kplus.ContainerResources {
  return {
    cpu: { request: kplus.Cpu.millis(cpuMillis) },
    memory: { request: Size.mebibytes(memoryMiB), limit: Size.mebibytes(memoryLimitMiB) },
  };
}

/** The props that every workload starts from; `userId` owns the processes and, as group, the volumes. */
export function podProps(component: ComponentName, userId: number, checksums: Readonly<Record<string, string>> = {}) {
  const annotations = Object.fromEntries(
    Object.entries(checksums).map(([name, sum]) => [`checksum/${name}`, sum] as const),
  );
  return {
    select: false,
    podMetadata: { labels: selectorOf(component), annotations },
    automountServiceAccountToken: false,
    securityContext: {
      user: userId,
      group: userId,
      fsGroup: userId,
      fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH,
      ensureNonRoot: true,
    },
  } as const;
}

/** `GET path` on a port, every `everySeconds`; `failures` in a row count. */
export function httpProbe(
  path: string,
  options: { readonly port: number; readonly everySeconds: number; readonly failures: number },
): kplus.Probe {
  return kplus.Probe.fromHttpGet(path, {
    port: options.port,
    periodSeconds: Duration.seconds(options.everySeconds),
    timeoutSeconds: Duration.seconds(5),
    failureThreshold: options.failures,
  });
}

/**
 * A startup probe that runs `command` until it succeeds. Each failure of a probe is a Warning in the cluster's events, even
 * where a start just takes its time. This one fails only when `withinSeconds` are over; then the container starts anew.
 */
export function startedWhen(command: string, { withinSeconds }: { readonly withinSeconds: number }): kplus.Probe {
  return startedAfter(['sh', '-c', `until ${command}; do sleep 0.5; done`], { withinSeconds });
}

/** A startup probe of a command that waits by itself. */
export function startedAfter(command: string[], { withinSeconds }: { readonly withinSeconds: number }): kplus.Probe {
  return kplus.Probe.fromCommand(command, {
    periodSeconds: Duration.seconds(1),
    timeoutSeconds: Duration.seconds(withinSeconds),
    failureThreshold: 1,
  });
}

/** A shell command: whether something in the pod listens on the port, by the kernel's own list (proc(5), `0A` is LISTEN). */
export function listensOn(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ":${hex} [0-9A-F]*:0000 0A"`;
}

/** Mounts an empty folder that lives as long as the pod, for one container alone. */
export function mountScratch(workload: kplus.Workload, container: kplus.Container, path: string): void {
  const name = `${container.name}${path.replaceAll('/', '-')}`;
  container.mount(path, kplus.Volume.fromEmptyDir(workload, name, name));
}

/** Capabilities given back to a container, by its name; all others are dropped. */
export type Capabilities = Readonly<Record<string, readonly string[]>>;

/**
 * The last step of a workload: selects its pods and makes them `restricted` (Pod Security Standards), as far as
 * `capabilities` allows. Its containers must all be there.
 */
export function seal(workload: kplus.Workload, component: ComponentName, capabilities: Capabilities = {}): void {
  if (!(workload instanceof kplus.Job || workload instanceof kplus.CronJob))
    workload.select(kplus.LabelSelector.of({ labels: selectorOf(component) }));
  forgetAddress(workload);
  const podSpec = podSpecPath(workload);
  const patch = (pointer: string, value: unknown) => patchManifest(workload, JsonPatch.add(pointer, value));
  patch(`${podSpec}/enableServiceLinks`, false); // LOCALSTACK_PORT and the like are settings to those who read them
  patch(`${podSpec}/securityContext/seccompProfile`, { type: 'RuntimeDefault' });
  for (const [list, containers] of [
    ['containers', workload.containers],
    ['initContainers', workload.initContainers],
  ] as const)
    for (const [index, { name }] of containers.entries()) {
      const add = capabilities[name];
      patch(`${podSpec}/${list}/${index}/securityContext/capabilities`, { drop: ['ALL'], ...(add && { add }) });
    }
}

/**
 * Fails a Job at once by these exit codes of its container. 1 is a result, drift, and stays one however often it is tried. 2 is
 * refused or incomplete after our programs waited and tried again where that could help. After any other end it is tried anew.
 */
export function failAtOnce(
  job: kplus.Job | kplus.CronJob,
  { name }: kplus.Container,
  exitCodes: readonly number[],
): void {
  const policy = path.posix.join(path.posix.dirname(path.posix.dirname(podSpecPath(job))), 'podFailurePolicy');
  const onExitCodes = { containerName: name, operator: 'In', values: exitCodes };
  patchManifest(job, JsonPatch.add(policy, { rules: [{ action: 'FailJob', onExitCodes }] }));
}

/** Takes away the label by which cdk8s-plus finds pods: ours do that, and one way is enough. */
function forgetAddress(workload: kplus.Workload): void {
  const label = kplus.Pod.ADDRESS_LABEL.replaceAll('/', '~1');
  patchManifest(workload, JsonPatch.remove(`${path.posix.dirname(podSpecPath(workload))}/metadata/labels/${label}`));
  if (workload instanceof kplus.StatefulSet)
    patchManifest(workload.service, JsonPatch.remove(`/spec/selector/${label}`));
}

/** JSON pointer of a workload's pod spec. */
export function podSpecPath(workload: kplus.Workload): string {
  return workload instanceof kplus.CronJob ? '/spec/jobTemplate/spec/template/spec' : '/spec/template/spec';
}
