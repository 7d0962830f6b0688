// One thing that was looked at: what was found, or why it could not be seen.
import { z } from 'zod';
import { asKeepsakeError, toErrorBody } from '../../shared/errors.ts';

/** The schema of `look`'s outcome. */
export const foundSchema = <T extends z.ZodType>(value: T) =>
  z.object({
    value: value.nullable(),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() }).nullable(),
    duration_ms: z.number(),
  });

/** Never throws: a fault is what was found. */
export async function look<T>(work: () => Promise<T>) {
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    return { value: await work(), error: null, duration_ms: durationMs() };
  } catch (thrown) {
    const { code, message, remedy } = toErrorBody(asKeepsakeError(thrown)).error;
    return { value: null, error: { code, message, ...(remedy && { remedy }) }, duration_ms: durationMs() };
  }
}
