// Runs a CronJob of the reconciler now, for the buttons of the Tiltfile: `node charts/run-job.ts <cronjob>`. It waits for
// the Job's end, then shows its log and the report of this very run, known by the run's id in both.
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KeepsakeError } from '../src/shared/errors.ts';
import { cluster } from '../src/shared/names.ts';

export interface JobRun {
  /** Runs kubectl in the system's namespace and gives its output. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly print: (text: string) => void;
  /** Name of the Job to be made. */
  readonly name: string;
  /** @default a second */
  readonly pause?: () => Promise<unknown>;
}

interface Job {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Report {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: { readonly status?: string; readonly summary?: string };
}

/** @returns whether the Job ended well. @throws KeepsakeError `NotFound` when the run left no report */
export async function runJob(
  cronJob: string,
  { kubectl, print, name, pause = () => delay(1_000) }: JobRun,
): Promise<boolean> {
  await kubectl('create', 'job', `--from=cronjob/${cronJob}`, name);
  print(`job ${name}: made, waiting for its end`);
  const end = await endOf(name, { kubectl, pause });
  // All pods of it, each whole: a Job may have tried more than once.
  const log = await kubectl('logs', `--selector=batch.kubernetes.io/job-name=${name}`, '--tail=-1');
  print(log.trim());
  const runId = lastRunId(log);
  const list = JSON.parse(await kubectl('get', 'configmaps', '-o', 'json')) as { readonly items: readonly Report[] };
  const report = list.items.find(
    ({ metadata }) => runId !== undefined && metadata.annotations?.[runIdAnnotation] === runId,
  );
  if (report === undefined)
    throw new KeepsakeError('NotFound', {
      what: `the run of the job ${name} left no report`,
      expected: `a ConfigMap ${cluster.reportConfigMap} with the annotation ${runIdAnnotation}: ${runId ?? 'an id in the log'}`,
      remedy: `Read its log above, and kubectl -n ${cluster.namespace} describe job ${name}.`,
    });
  print(`${report.data?.status}: ${report.data?.summary}`);
  return end === 'Complete';
}

const runIdAnnotation = 'keepsake.dev/run-id';

async function endOf(name: string, { kubectl, pause }: Required<Pick<JobRun, 'kubectl' | 'pause'>>): Promise<string> {
  for (;;) {
    const { status } = JSON.parse(await kubectl('get', 'job', name, '-o', 'json')) as Job;
    const end = status?.conditions?.find((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True');
    if (end) return end.type; // the Job's own deadline sees to it that one comes
    await pause();
  }
}

/** The id of the last run that a log tells of, one JSON object a line. */
function lastRunId(log: string): string | undefined {
  return [...log.matchAll(/"runId":"([^"]+)"/g)].at(-1)?.[1];
}

if (import.meta.main) {
  const [cronJob = cluster.reconcilerCronJob] = process.argv.slice(2);
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const options = { maxBuffer: 64 * 1024 ** 2 };
    return (await promisify(execFile)('kubectl', ['-n', cluster.namespace, ...args], options)).stdout;
  };
  const run = { kubectl, print: console.log, name: `${cronJob}-${Date.now()}` };
  try {
    process.exitCode = (await runJob(cronJob, run)) ? 0 : 1;
  } catch (error) {
    console.error(`✗ ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  }
}
