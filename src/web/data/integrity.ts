// The page's view of the system's integrity over time: the newest report, and the run under way, with its steps. It
// outlives the integrity page, so a run goes on and the banner stays true while other views are shown.
import type { RunRequest } from '../../shared/integrity-service.ts';
import type { IntegrityReport, RunMode } from '../../shared/report.ts';
import { type Failure, failureOf } from './failure.ts';
import { followRun, type RunStep } from './follow-run.ts';
import { type IntegrityOverview, readOverview, startRun } from './integrity-requests.ts';

export interface RunView {
  /** Null for a run that someone else started. */
  readonly mode: RunMode | null;
  /** Null until the first step came. */
  readonly step: RunStep | null;
}

export interface IntegrityState {
  readonly overview: IntegrityOverview | null;
  /** Why there is no fresh overview. */
  readonly failure: Failure | null;
  readonly run: RunView | null;
  /** Why the last run came to no report. */
  readonly runFailure: Failure | null;
}

export const unknownIntegrity: IntegrityState = { overview: null, failure: null, run: null, runFailure: null };

/** Fires `change` after each change of `state`. */
export class Integrity extends EventTarget {
  #state: IntegrityState = unknownIntegrity;

  get state(): IntegrityState {
    return this.#state;
  }

  /** Reads the overview anew, and follows a run that is under way. Never throws: `failure` says what went wrong. */
  async refresh(): Promise<void> {
    try {
      const overview = await readOverview();
      this.#set({ overview, failure: null });
      if (overview.running && !this.#state.run) void this.#follow(overview.running, null);
    } catch (error) {
      this.#set({ failure: failureOf(error) });
    }
  }

  /** Starts a run and follows it. Its report, or null when it failed: `runFailure` says why. One at a time. */
  async run(request: RunRequest): Promise<IntegrityReport | null> {
    if (this.#state.run) return null;
    this.#set({ run: { mode: request.mode, step: null }, runFailure: null });
    try {
      const { run_id: runId } = await startRun(request);
      return await this.#follow(runId, request.mode);
    } catch (error) {
      this.#set({ run: null, runFailure: failureOf(error) });
      await this.refresh(); // someone else's run may be why: it is followed then
      return null;
    }
  }

  async #follow(runId: string, mode: RunMode | null): Promise<IntegrityReport | null> {
    this.#set({ run: { mode, step: null }, runFailure: null });
    try {
      return await followRun(runId, (step) => this.#set({ run: { mode, step } }));
    } catch (error) {
      this.#set({ runFailure: failureOf(error) });
      return null;
    } finally {
      this.#set({ run: null });
      await this.refresh();
    }
  }

  #set(change: Partial<IntegrityState>): void {
    this.#state = { ...this.#state, ...change };
    this.dispatchEvent(new Event('change'));
  }
}
