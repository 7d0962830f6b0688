// Waiting for a server that comes up later than we do: tries again what may be tried again, and nothing else.
import { setTimeout as delay } from 'node:timers/promises';
import { asKeepsakeError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

const everyMs = 1_000;

/** Repeats `work` while it fails with an error of kind `retry`, at most for `patienceMs`, or until `signal`. @throws its last error */
export async function patiently<T>(
  work: () => Promise<T>,
  options: { readonly patienceMs: number; readonly logger: Logger; readonly signal?: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + options.patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const error = asKeepsakeError(thrown);
      if (error.kind !== 'retry' || performance.now() > deadline || options.signal?.aborted) throw error;
      options.logger.warn({ reason: error.message }, 'not there yet; trying again');
      await delay(everyMs, undefined, options.signal && { signal: options.signal }).catch(() => {}); // the next try tells
    }
  }
}
