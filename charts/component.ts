// The base of every component's chart. One chart is one file of manifests, with names as written, the recommended
// labels (kubernetes.io/docs, "Recommended Labels"), and a checksum where a change must roll pods.
import { createHash } from 'node:crypto';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Environment } from './environments.ts';

export type ComponentName =
  | 'namespace'
  | 'settings'
  | 'localstack'
  | 'bucket'
  | 'postgres'
  | 'api'
  | 'web'
  | 'reconciler'
  | 'ingress'
  | 'traefik'
  | 'network';

export interface ComponentProps {
  readonly environment: Environment;
}

/** A component's chart. The subclass adds the objects. */
export abstract class Component extends Chart {
  protected readonly environment: Environment;
  readonly component: ComponentName;

  /** @param namespace where its objects live. @default the environment's */
  constructor(scope: Construct, component: ComponentName, { environment, namespace }: ComponentProps & Namespaced) {
    super(scope, fileOf(component), {
      namespace: namespace ?? environment.namespace,
      labels: labelsOf(component),
      disableResourceNameHashes: true,
    });
    this.environment = environment;
    this.component = component;
  }
}

/** kubectl applies the files of a folder by name: the namespace must come first, then what pods can't start without. */
function fileOf(component: ComponentName): string {
  if (component === 'namespace') return '00-namespace';
  return component === 'settings' ? '01-settings' : component;
}

interface Namespaced {
  readonly namespace?: string;
}

/** Labels of every object of a component. */
export function labelsOf(component: ComponentName): Record<string, string> {
  return { ...selectorOf(component), 'app.kubernetes.io/managed-by': 'cdk8s' };
}

/** The labels that select a component's pods: they never change, a workload's selector can't. */
export function selectorOf(component: ComponentName): Record<string, string> {
  return { 'app.kubernetes.io/name': component, 'app.kubernetes.io/part-of': 'keepsake' };
}

/** A short fingerprint of plain data: the same for the same data, on every machine. */
export function checksum(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
