// A run of the reconciler that waits for what comes up later than it, and repeats what another try may mend. A Job sees only
// the exit code, which can't tell a refused setting from an S3 that is away: so the tries are made here.
import { errorCatalogue } from '../shared/errors.ts';
import type { IntegrityReport } from '../shared/report.ts';

const maxTries = 4;

export interface PatientRun {
  /** Resolves when both sides answer, or when there is no more patience. @throws what makes a run impossible */
  readonly untilThere: () => Promise<void>;
  readonly run: () => Promise<IntegrityReport>;
  readonly hasTime: () => boolean;
}

/** Runs, and runs again while the report is one that may be better a little later; the last report. */
export async function runPatiently({ untilThere, run, hasTime }: PatientRun): Promise<IntegrityReport> {
  for (let tries = 1; ; tries++) {
    await untilThere();
    const report = await run();
    if (!isWorthAnotherTry(report) || tries === maxTries || !hasTime()) return report;
  }
}

/** Whether a run stayed incomplete by an error of kind `retry`: its condition `Complete` has the error's code as reason. */
export function isWorthAnotherTry({ status, conditions }: IntegrityReport): boolean {
  const reason = conditions.find(({ type }) => type === 'Complete')?.reason;
  const failure = Object.entries(errorCatalogue).find(([code]) => code === reason);
  return status === 'Incomplete' && failure?.[1].kind === 'retry';
}
