// Input from outside becomes typed values here, or an error that names every fault.
import { z } from 'zod';
import { KeepsakeError } from '../../shared/errors.ts';

/** @throws KeepsakeError `BadRequest` that lists what is wrong with `value`. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw new KeepsakeError(
    'BadRequest',
    {
      what: "the request can't be understood",
      got: faults.join('; '),
      remedy: 'See /api/openapi.json for what each path takes.',
    },
    parsed.error,
  );
}

/** The id in a path. @throws KeepsakeError `InvalidId` */
export function parseId(value: unknown): string {
  const parsed = z.uuid().safeParse(value);
  if (parsed.success) return parsed.data.toLowerCase();
  throw new KeepsakeError('InvalidId', {
    what: 'the id in the path is none',
    expected: 'a UUID',
    got: JSON.stringify(String(value).slice(0, 100)),
    remedy: 'Take an id from /api/images/ or /api/integrity/.',
  });
}
