// Mutants that change nothing anybody can see, each with the reason. They are found again by what they change, not by their
// line; one that matches no mutant any more is a fault. At most 3 % of all may stand here.
import type { Mutant } from './mutant.ts';

export interface Equivalent {
  readonly file: string;
  /** As the runner prints it. */
  readonly fn: string;
  readonly original: string;
  readonly replacement: string;
  /** Where several of a function are alike: which one, from 0. @default all of them */
  readonly nth?: number;
  /** Why it changes nothing. */
  readonly reason: string;
}

const maxShare = 0.03;

export const equivalents: readonly Equivalent[] = [];

/** The equivalent that a mutant is, if it is one. */
export function equivalentOf(mutant: Mutant, list: readonly Equivalent[] = equivalents): Equivalent | undefined {
  return list.find(
    ({ file, fn, original, replacement, nth }) =>
      mutant.file === file &&
      mutant.fn === fn &&
      mutant.original === original &&
      mutant.replacement === replacement &&
      (nth === undefined || mutant.nth === nth),
  );
}

/** The faults of the list: entries that match nothing, and too many of them. */
export function faultsOf(mutants: readonly Mutant[], list: readonly Equivalent[] = equivalents): readonly string[] {
  const stale = list
    .filter((one) => !mutants.some((mutant) => equivalentOf(mutant, [one])))
    .map(({ file, fn, original }) => `test/mutate/equivalents.ts: no mutant matches ${file} ${fn}: ${original}`);
  const share = mutants.filter((mutant) => equivalentOf(mutant, list)).length / Math.max(1, mutants.length);
  const tooMany = `test/mutate/equivalents.ts: expected at most ${maxShare * 100} % of all mutants, got ${(share * 100).toFixed(1)} %`;
  return share > maxShare ? [...stale, tooMany] : stale;
}
