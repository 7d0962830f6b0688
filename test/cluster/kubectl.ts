// kubectl for tests, on a cluster that is ours to change: kind's, the testbed's, or one named by the user.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { manifestFolder } from './form.ts';

const run = promisify(execFile);

export const namespace = 'keepsake';

/** Runs kubectl, and gives its output. @throws Error with what it said on stderr */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return kubectlWith({}, ...args);
}

/** Like kubectl, with something on stdin or a limit of its own. */
export async function kubectlWith(
  options: { readonly stdin?: string; readonly timeoutMs?: number },
  ...args: readonly string[]
): Promise<string> {
  const running = run('kubectl', [...args], { timeout: options.timeoutMs ?? 120_000, maxBuffer: 64 * 1024 ** 2 });
  running.child.stdin?.end(options.stdin ?? '');
  const { stdout } = await running;
  return stdout;
}

/** The output of `kubectl get … -o json`, in the namespace of the system. */
export async function getJson<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl('-n', namespace, 'get', ...args, '-o', 'json')) as T;
}

/** Runs a command in a container of the system. */
export async function execIn(pod: string, container: string, ...command: readonly string[]): Promise<string> {
  return kubectl('-n', namespace, 'exec', pod, '-c', container, '--', ...command);
}

/**
 * The current context, if it is one that tests may change.
 * @throws Error for any other: it may be somebody's production.
 */
export async function ownContext(): Promise<string> {
  const context = (await kubectl('config', 'current-context')).trim();
  const isOwn = /^kind-/.test(context) || context === 'testbed' || context === process.env.KEEPSAKE_CLUSTER_CONTEXT;
  if (!isOwn)
    throw new Error(
      `these tests change the cluster, and "${context}" is neither kind's nor the testbed's: ` +
        `set KEEPSAKE_CLUSTER_CONTEXT=${context} if it is yours to change`,
    );
  return context;
}

const mark = 'keepsake.dev/made-by';

/** Removes the system that an earlier test left. @throws Error when the namespace is there and no test made it */
export async function removeSystem(): Promise<void> {
  const found = await kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'json');
  if (found !== '') {
    const { metadata } = JSON.parse(found) as { metadata: { annotations?: Record<string, string> } };
    if (metadata.annotations?.[mark] !== 'test')
      throw new Error(
        `the namespace ${namespace} holds a system that no test made: remove it first (kubectl delete -f ${manifestFolder}), its images too`,
      );
  }
  await kubectlWith(
    { timeoutMs: 300_000 },
    ...['delete', '-f', manifestFolder, '--ignore-not-found', '--wait', '--timeout=240s'],
  );
}

/** Applies all of the form's manifests at once, as a user does, and marks it as a test's. */
export async function applySystem(): Promise<void> {
  await kubectl('apply', '-f', manifestFolder);
  await kubectl('annotate', 'namespace', namespace, `${mark}=test`);
}
