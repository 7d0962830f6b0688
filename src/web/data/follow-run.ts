// A run's steps as server-sent events, to its end. The browser reopens a cut connection. When the stream is gone for
// good, the run's report is asked for once, since the run may have ended meanwhile.
import type { RunProgress } from '../../shared/integrity-service.ts';
import type { IntegrityReport } from '../../shared/report.ts';
import { noAnswer, RequestFailed } from './failure.ts';
import { readReport } from './integrity-requests.ts';

export type RunStep = Extract<RunProgress, { kind: 'progress' }>;

/** The browser tries again about every 3 seconds; after this many vain tries in a row we give up. */
const vainTries = 10;

/** The report of the run once it is over. @throws RequestFailed when the run failed or its end can't be learnt */
export function followRun(runId: string, onStep: (step: RunStep) => void): Promise<IntegrityReport> {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`/api/integrity/runs/${encodeURIComponent(runId)}/events`);
    let errors = 0;
    source.onopen = () => {
      errors = 0;
    };
    const onEvent = ({ data }: MessageEvent<string>) => {
      const step = JSON.parse(data) as RunProgress;
      if (step.kind === 'progress') {
        onStep(step);
        return;
      }
      source.close();
      if (step.kind === 'finished') resolve(step.report);
      else reject(new RequestFailed({ code: step.code, status: null, what: step.message }));
    };
    for (const name of ['progress', 'finished', 'failed'] as const) source.addEventListener(name, onEvent);
    source.onerror = () => {
      errors += 1;
      if (source.readyState === EventSource.CLOSED) readReport(runId).then(resolve, reject);
      else if (errors >= vainTries) {
        source.close();
        reject(new RequestFailed(noAnswer));
      }
    };
  });
}
