// Waiting on a condition, never on the clock alone.
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with the first value of `probe` that is not undefined or false; throws what was awaited after `timeoutMs`. */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 30_000, everyMs = 50 } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await within(deadline - performance.now(), probe);
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: lastError });
    await delay(everyMs);
  }
}

/** The value of `probe`, or undefined when it takes longer: one that hangs must not outlive the deadline. */
async function within<T>(ms: number, probe: () => Promise<T> | T): Promise<T | undefined> {
  const ended = new AbortController();
  const late = delay(Math.max(ms, 0), undefined, { signal: ended.signal }).catch(() => undefined);
  try {
    return await Promise.race([probe(), late]);
  } finally {
    ended.abort();
  }
}
