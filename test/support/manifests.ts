// Manifests as values for tests: rendered from an environment, with the few fields that tests look into.
import { App, type Chart } from 'cdk8s';
import type { Environment } from '../../charts/environments.ts';
import { addComponents } from '../../charts/synth.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly data?: Record<string, string>;
  readonly stringData?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
}

export interface ContainerManifest {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly ports?: readonly { readonly containerPort: number; readonly hostPort?: number }[];
  readonly restartPolicy?: string;
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly startupProbe?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly runAsNonRoot?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
}

/** A pod template, with the workload it belongs to. */
export interface PodTemplate {
  readonly workload: Manifest;
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly containers: readonly ContainerManifest[];
    readonly initContainers?: readonly ContainerManifest[];
    readonly enableServiceLinks?: boolean;
    readonly volumes?: readonly { readonly name: string }[];
    readonly automountServiceAccountToken?: boolean;
    readonly serviceAccountName?: string;
    readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly seccompProfile?: { readonly type: string } };
  };
}

/** All manifests of an environment, in the order of its components. */
export function renderManifests(environment: Environment): Manifest[] {
  const app = new App();
  addComponents(app, environment);
  return app.charts.flatMap((chart: Chart) => chart.toJson() as Manifest[]);
}

/** The pod templates among manifests. */
export function podTemplates(manifests: readonly Manifest[]): PodTemplate[] {
  return manifests.flatMap((workload) => {
    const spec = (workload.kind === 'CronJob' ? at(workload, 'spec', 'jobTemplate', 'spec') : workload.spec) as
      | { template?: Omit<PodTemplate, 'workload'> }
      | undefined;
    return spec?.template ? [{ workload, ...spec.template }] : [];
  });
}

/** Every container of a pod, init containers first. */
export function containersOf({ spec }: PodTemplate): ContainerManifest[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** The value at a path of fields; undefined when there is nothing. */
export function at(value: unknown, ...fields: readonly (string | number)[]): unknown {
  return fields.reduce<unknown>(
    (found, field) => (found as Record<string | number, unknown> | undefined)?.[field],
    value,
  );
}

/** The one manifest of a kind and name. */
export function manifestOf(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name} among ${manifests.length} manifests`);
  return found;
}
