// A container of our own image: one command of `keepsake` (src/cli/main.ts), as the user `node`.
import * as kplus from 'cdk8s-plus-27';
import type { Environment } from './environments.ts';
import { type Resources, resources } from './pods.ts';

/** The user `node` of Node's official image. */
export const keepsakeUserId = 1000;

export interface KeepsakeContainerProps {
  readonly image: string;
  /** Its sources can be written over (`Sources`). @default false */
  readonly isLive?: boolean;
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
    securityContext: { readOnlyRootFilesystem: !props.isLive },
  };
}

/** The image of a container that stays, by how the environment has our sources. */
export function longRunning({ images, sources }: Environment): Pick<KeepsakeContainerProps, 'image' | 'isLive'> {
  return sources.kind === 'live' ? { image: sources.image, isLive: true } : { image: images.keepsake };
}

/** A command of our image, which has no curl: ends with 0 once `GET url` is answered with success, and waits until then. */
export function untilAnswered(url: string): string[] {
  return ['node', '--input-type=module', '-e', waiting, url];
}

const waiting = `const ask = () => fetch(process.argv[1], { signal: AbortSignal.timeout(5000) });
while (!(await ask().then(({ ok }) => ok, () => false))) await new Promise((later) => setTimeout(later, 500));
process.exit(0);
`;

/** Annotations of a service account by which EKS gives its pods an AWS role; none elsewhere. */
export function roleAnnotations({ objectStore }: Environment): Record<string, string> {
  return objectStore.kind === 'aws' ? { 'eks.amazonaws.com/role-arn': objectStore.roleArn } : {};
}
