// Work that repeats beside the requests: one run at a time, sooner when woken, never after `stop`.
import { asKeepsakeError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

export interface Background {
  /** Runs soon; once more after a run that is under way. */
  wake(): void;
  /** Ends the loop; resolves when a run under way is over. */
  stop(): Promise<void>;
}

interface Work {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
}

/** Runs at once, then `everyMs` after each end. A run that fails is logged, and tried again at its time. */
export function startBackground({ name, everyMs, run, logger }: Work): Background {
  const abort = new AbortController();
  let wakeUp = Promise.withResolvers<void>();
  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      wakeUp = Promise.withResolvers<void>();
      await run(abort.signal).catch((error: unknown) => {
        const { code, message } = asKeepsakeError(error);
        logger.warn({ work: name, code, reason: message }, 'background work failed, to be tried again');
      });
      const timer = setTimeout(wakeUp.resolve, everyMs);
      await wakeUp.promise;
      clearTimeout(timer);
    }
  };
  const looping = loop();
  return {
    wake: () => wakeUp.resolve(),
    async stop() {
      abort.abort();
      wakeUp.resolve();
      await looping;
    },
  };
}
