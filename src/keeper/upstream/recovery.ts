// The rest of a recovery, while requests are answered already. It goes on until it is done, waits ever longer after each
// failure, and pauses while the emulator can't be reached.
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';

export interface Recovery {
  /** Puts the rest back; called again after a failure or a pause, it goes on where it was. Ends early when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** All is whole, and it was in the session in force. */
  finish(): Promise<void>;
}

export interface RecoveryRunOptions {
  readonly logger: Logger;
  /** The keeper stops. */
  readonly stopping: AbortSignal;
  /** Asks the emulator for its session once more; whether it is still that of the recovery. */
  readonly isStillTrue: () => Promise<boolean>;
  /** All is done. */
  readonly onDone: () => void;
  /** It ended, or was held up: the emulator is to be looked at. */
  readonly onEnd: () => void;
}

const minRetryMs = 100;
const maxRetryMs = 3_000;

/** One recovery's work, in turns that are never two at a time. */
export class RecoveryRun {
  readonly #recovery: Recovery;
  readonly #options: RecoveryRunOptions;
  #turn: Promise<void> | undefined;
  #pause = new AbortController();
  #retryMs = minRetryMs;
  #isDone = false;

  constructor(recovery: Recovery, options: RecoveryRunOptions) {
    this.#recovery = recovery;
    this.#options = options;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Goes on, unless it does. */
  goOn(): void {
    this.#turn ??= this.#run();
  }

  /** Has it stop soon; `goOn` takes it up again. */
  pause(): void {
    this.#pause.abort();
  }

  /** Resolves when nothing of it is under way. */
  async untilIdle(): Promise<void> {
    await this.#turn;
  }

  // Never rejects: what it came to is told.
  async #run(): Promise<void> {
    const { logger, stopping, isStillTrue, onDone, onEnd } = this.#options;
    this.#pause = new AbortController();
    const signal = AbortSignal.any([this.#pause.signal, stopping]);
    try {
      await this.#recovery.run(signal);
      if (signal.aborted || !(await isStillTrue()) || signal.aborted) return;
      await this.#recovery.finish();
      this.#isDone = true;
      onDone();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ reason: reasonOf(error) }, 'the restore is held up');
      onEnd();
      await delay(this.#retryMs, undefined, { signal }).catch(() => {});
      this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
    } finally {
      this.#turn = undefined;
      onEnd();
    }
  }
}
