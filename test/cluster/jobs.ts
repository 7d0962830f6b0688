// Runs of the reconciler by hand, as the docs tell people to make them, and what they leave behind.
import type { IntegrityReport } from '../../src/shared/report.ts';
import { waitFor } from '../support/wait-for.ts';
import { getJson, kubectl, namespace } from './kubectl.ts';

interface Job {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly data: { readonly status: string; readonly summary: string; readonly 'report.json': string };
}

/** Makes a Job from a CronJob, and waits for its end: `Complete` or `Failed`. */
export async function runJob(cronJob: string, name: string): Promise<string> {
  await makeJob(cronJob, name);
  return jobEnd(name);
}

/** Makes a Job from a CronJob. */
export async function makeJob(cronJob: string, name: string): Promise<void> {
  await kubectl('-n', namespace, 'create', 'job', `--from=cronjob/${cronJob}`, name);
}

/** Waits for the end of a Job: `Complete` or `Failed`. */
export function jobEnd(name: string): Promise<string> {
  return waitFor(
    `the end of the job ${name}`,
    async () => {
      const { status } = await getJson<Job>('job', name);
      const ended = status.conditions?.find(
        (one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True',
      );
      return ended?.type;
    },
    { timeoutMs: 180_000, everyMs: 1_000 },
  );
}

/** The present contents of `integrity-report`. */
export async function currentReport(): Promise<{ readonly status: string; readonly report: IntegrityReport }> {
  const { data } = await getJson<ConfigMap>('configmap', 'integrity-report');
  return { status: data.status, report: JSON.parse(data['report.json']) as IntegrityReport };
}

/** Statuses of the earlier reports, oldest first. */
export async function earlierStatuses(): Promise<readonly string[]> {
  const { items } = await getJson<{ items: ConfigMap[] }>('configmaps', '-l', 'keepsake.dev/history=true');
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map(({ data }) => data.status);
}

/** Reasons of the Events about the report, in the order they came. */
export async function eventReasons(): Promise<readonly string[]> {
  interface Event {
    readonly reason: string;
    readonly metadata: { readonly creationTimestamp: string };
  }
  const about = '--field-selector=involvedObject.name=integrity-report';
  const { items } = await getJson<{ items: Event[] }>('events', about);
  const time = ({ metadata }: Event): number => Date.parse(metadata.creationTimestamp);
  return items.toSorted((a, b) => time(a) - time(b)).map(({ reason }) => reason);
}
