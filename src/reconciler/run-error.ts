// Turns anything thrown in a run into an error of the catalogue. S3's errors are such already; the rest is pg's, or our bug.
import { asKeepsakeError, KeepsakeError } from '../shared/errors.ts';
import { asDatabaseError } from '../shared/postgres.ts';

/** @returns the error of the catalogue, its cause kept. */
export function asRunError(thrown: unknown): KeepsakeError {
  if (thrown instanceof KeepsakeError) return thrown;
  const isBug = [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => thrown instanceof kind);
  return isBug ? asKeepsakeError(thrown) : asDatabaseError(thrown);
}
