// Waiting for a server that comes up later than we do: tries again what may be tried again, and nothing else.
import { setTimeout as delay } from 'node:timers/promises';
import { asKeepsakeError, type KeepsakeError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

const everyMs = 1_000;

export interface Patience {
  readonly patienceMs: number;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** Whether another try may help. @default an error of kind `retry` */
  readonly isWorthATry?: (error: KeepsakeError) => boolean;
}

/** Repeats `work` while it fails and another try may help, at most for `patienceMs`, or until `signal`. @throws its last error */
export async function patiently<T>(work: () => Promise<T>, options: Patience): Promise<T> {
  const { isWorthATry = ({ kind }) => kind === 'retry' } = options;
  const deadline = performance.now() + options.patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const error = asKeepsakeError(thrown);
      if (!isWorthATry(error) || performance.now() > deadline || options.signal?.aborted) throw error;
      options.logger.warn({ reason: error.message }, 'not there yet; trying again');
      await delay(everyMs, undefined, options.signal && { signal: options.signal }).catch(() => {}); // the next try tells
    }
  }
}
