// Checks integrity at start and every so often, and says what changed since the check before. Ends all runs when stopped.

import { reasonOf } from '../shared/errors.ts';
import type { IntegrityService, RunProgress } from '../shared/integrity-service.ts';
import type { Logger } from '../shared/logger.ts';
import type { IntegrityReport } from '../shared/report.ts';

export interface IntegrityTimer {
  /** Ends the timer and waits for a run that is under way. To cut that run short, abort its signal before this call. */
  stop(): Promise<void>;
}

export interface IntegrityTimerOptions {
  readonly service: IntegrityService;
  readonly logger: Logger;
  /** 0: only once. */
  readonly intervalMs: number;
  /** Told the first report, and each one whose status or summary is another than before. */
  readonly onChange: (report: IntegrityReport) => void;
}

export function startIntegrityTimer({ service, logger, intervalMs, onChange }: IntegrityTimerOptions): IntegrityTimer {
  let isStopping = false;
  let previous = '';
  let timer: NodeJS.Timeout | undefined;
  const check = async (): Promise<void> => {
    try {
      const report = await runCheck(service);
      const now = report && `${report.status} ${report.summary}`;
      if (report && now !== previous && !isStopping) onChange(report);
      previous = now ?? previous;
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'the integrity check could not run');
    }
    if (intervalMs > 0 && !isStopping) timer = setTimeout(next, intervalMs);
  };
  let running = check();
  const next = (): void => {
    running = check();
  };
  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await running;
      const other = service.running(); // one that the page has started
      if (other !== null) await untilOver(service, other);
    },
  };
}

/** The report of one check; undefined when another run is under way. */
async function runCheck(service: IntegrityService): Promise<IntegrityReport | undefined> {
  if (service.running() !== null) return undefined;
  const { runId } = await service.start({ mode: 'check' });
  const end = await untilOver(service, runId);
  if (end?.kind === 'failed') throw new Error(end.message);
  return end?.kind === 'finished' ? end.report : undefined;
}

async function untilOver(service: IntegrityService, runId: string): Promise<RunProgress | undefined> {
  let last: RunProgress | undefined;
  for await (const progress of service.progress(runId, new AbortController().signal)) last = progress;
  return last;
}
