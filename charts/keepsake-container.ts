// A container of our own image: one command of `keepsake` (src/cli/main.ts), as the user `node`.
import * as kplus from 'cdk8s-plus-27';
import type { Environment } from './environments.ts';
import { type Resources, resources } from './pods.ts';

/** The user `node` of Node's official image. */
export const keepsakeUserId = 1000;

export interface KeepsakeContainerProps {
  readonly image: string;
  /** Words after `keepsake`. */
  readonly command: readonly string[];
  /** Settings it shares with others. @default none */
  readonly envFrom?: kplus.EnvFrom[];
  /** Settings of its own; they win. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** @default 50 thousandths of a CPU, 128 to 512 MiB */
  readonly resources?: Resources;
}

/** Props of a container named `name`; the caller adds ports and probes. */
export function keepsakeContainer(name: string, props: KeepsakeContainerProps) {
  const env = Object.entries(props.env ?? {}).map(
    ([variable, value]) => [variable, kplus.EnvValue.fromValue(value)] as const,
  );
  return {
    name,
    image: props.image,
    imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
    args: [...props.command],
    ...(props.envFrom && { envFrom: props.envFrom }),
    envVariables: Object.fromEntries(env),
    resources: resources(props.resources ?? { cpuMillis: 50, memoryMiB: 128, memoryLimitMiB: 512 }),
  };
}

/** Annotations of a service account by which EKS gives its pods an AWS role; none elsewhere. */
export function roleAnnotations({ objectStore }: Environment): Record<string, string> {
  return objectStore.kind === 'aws' ? { 'eks.amazonaws.com/role-arn': objectStore.roleArn } : {};
}
