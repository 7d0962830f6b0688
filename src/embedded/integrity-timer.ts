// Checks integrity at start and every so often, and says what changed since the check before.
import type { IntegrityService, RunProgress } from '../shared/integrity-service.ts';
import type { Logger } from '../shared/logger.ts';
import type { IntegrityReport } from '../shared/report.ts';
import { reasonOf } from '../shared/s3.ts';

export interface IntegrityTimer {
  /** Ends the timer and lets a check that it started come to its end. */
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
  const stopping = new AbortController();
  let previous = '';
  let timer: NodeJS.Timeout | undefined;
  const check = async (): Promise<void> => {
    try {
      const report = await runCheck(service, stopping.signal);
      const now = report && `${report.status} ${report.summary}`;
      if (report && now !== undefined && now !== previous) onChange(report);
      previous = now ?? previous;
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'the integrity check could not run');
    }
    if (intervalMs > 0 && !stopping.signal.aborted) timer = setTimeout(next, intervalMs);
  };
  let running = check();
  const next = (): void => {
    running = check();
  };
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/** The report of one check; undefined when another run is under way, or when it was given up. */
async function runCheck(service: IntegrityService, signal: AbortSignal): Promise<IntegrityReport | undefined> {
  if (service.running() !== null) return undefined;
  const { runId } = await service.start({ mode: 'check' });
  let last: RunProgress | undefined;
  for await (const progress of service.progress(runId, signal)) last = progress;
  if (last?.kind === 'failed') throw new Error(last.message);
  return last?.kind === 'finished' ? last.report : undefined;
}
