import { expect, test } from 'vitest';
import { runJob } from './run-job.ts';

const reportOf = (runId: string, summary: string) => ({
  metadata: { annotations: { 'keepsake.dev/run-id': runId } },
  data: { status: 'Healthy', summary },
});

/** A cluster in which the Job ends after some looks; what was asked of it, and what was printed. */
function world({ ends = ['Complete'], log = '', reports = [] as readonly object[] } = {}) {
  const asked: string[] = [];
  const printed: string[] = [];
  let pauses = 0;
  const looks = [undefined, undefined, ...ends];
  const answers: Readonly<Record<string, () => unknown>> = {
    'get job': () => ({ status: { conditions: [{ type: looks.shift() ?? 'Suspended', status: 'True' }] } }),
    'get configmaps': () => ({ items: reports }),
  };
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const words = args.slice(0, 2).join(' ');
    asked.push(args[0] === 'logs' ? 'logs' : words);
    return args[0] === 'logs' ? log : JSON.stringify(answers[words]?.() ?? '');
  };
  const run = { kubectl, print: (text: string) => printed.push(text), name: 'check-1', pause: async () => pauses++ };
  return { outcome: runJob('keepsake-reconciler', run), asked, printed, pauses: () => pauses };
}

const log = '{"msg":"starting"}\n{"runId":"new","status":"Healthy","msg":"all well"}\n';
const reports = [reportOf('old', 'of before'), { metadata: {} }, reportOf('new', 'all well')];

test('waits for the end before it reads log and report', async () => {
  const { outcome, asked, pauses } = world({ log, reports });
  expect(await outcome).toBe(true);
  expect(asked).toEqual(['create job', 'get job', 'get job', 'get job', 'logs', 'get configmaps']);
  expect(pauses()).toBe(2);
});

test('shows the log, then the report of this very run', async () => {
  const { outcome, printed } = world({ log, reports });
  await outcome;
  expect(printed.slice(1)).toEqual([log.trim(), 'Healthy: all well']);
});

test('a Job that failed is no success, its report is shown all the same', async () => {
  const { outcome, printed } = world({ ends: ['Failed'], log, reports });
  expect(await outcome).toBe(false);
  expect(printed.at(-1)).toBe('Healthy: all well');
});

test.each([
  { log, reports: reports.slice(0, 2) },
  { log: 'no run', reports },
])('never shows the report of before when this run left none', async (given) => {
  const { outcome, printed } = world({ ends: ['Failed'], ...given });
  await expect(outcome).rejects.toThrow('the run of the job check-1 left no report');
  expect(printed.join()).not.toContain('of before');
});
