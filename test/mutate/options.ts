// The options of the mutation run, from the command line.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { randomOf } from '../model/random.ts';
import { keyOf, type Mutant } from './mutant.ts';

export interface MutateOptions {
  /** How many mutants to draw; undefined: all. */
  readonly sample: number | undefined;
  readonly seed: number;
  /** Only mutants of these files. */
  readonly file: string | undefined;
  readonly lanes: number;
  /** After so long the run is cut; the next one goes on. */
  readonly minutes: number | undefined;
  readonly isList: boolean;
}

export const usage = `npm run mutate -- [options]
  Changes one small thing at a time in the files that carry a promise (test/mutate/scope.ts), and looks for a test that notices:
  a condition, a boundary, a guard, a statement or an await. The last line is JSON; the exit code is 1 when a mutant survived,
  2 when an option is wrong. A run that was cut goes on with the next one. The whole writes docs/evidence/mutants.md.

  --sample N      only N of the mutants, drawn by the seed (all)
  --seed N        what is drawn (1)
  --file GLOB     only mutants of these files
  --lanes N       test files at work at once (2)
  --minutes N     ends after N minutes; what is not decided then counts as not run
  --list          prints the mutants, runs nothing
`;

/** @throws Error whose message tells what can't be used */
export function readOptions(args: readonly string[]): MutateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string' },
      lanes: { type: 'string', default: '2' },
      minutes: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    sample: values.sample === undefined ? undefined : wholeNumber('--sample', values.sample),
    seed: wholeNumber('--seed', values.seed),
    file: values.file,
    lanes: wholeNumber('--lanes', values.lanes),
    minutes: values.minutes === undefined ? undefined : wholeNumber('--minutes', values.minutes),
    isList: values.list,
  };
}

/** The mutants to run: those of the files that were asked for, and of these the sample. @throws Error when there are none */
export function chooseFrom(
  all: readonly Mutant[],
  { file, sample, seed }: Pick<MutateOptions, 'file' | 'sample' | 'seed'>,
): readonly Mutant[] {
  const named = file === undefined ? all : all.filter((one) => path.matchesGlob(one.file, file));
  if (named.length === 0) throw new Error(`--file: expected files of test/mutate/scope.ts, got ${file}`);
  if (sample === undefined || sample >= named.length) return named;
  // Each has a number of its own, so that a change of one file draws no others elsewhere.
  const drawn = named.map((one) => ({ one, at: randomOf(seed, keyOf(one)).next() })).sort((a, b) => a.at - b.at);
  const kept = new Set(drawn.slice(0, sample).map(({ one }) => one));
  return named.filter((one) => kept.has(one));
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name}: expected a whole number from 1, got ${text}`);
  return value;
}
