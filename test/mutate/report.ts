// The outcome of a run: its counts, what survived, and the page docs/evidence/mutants.md.
import { writeFileSync } from 'node:fs';
import { equivalentOf } from './equivalents.ts';
import { describeMutant, type Mutant } from './mutant.ts';
import type { Results } from './results.ts';
import type { TestFile } from './test-files.ts';

export interface Outcome {
  readonly killed: readonly Mutant[];
  readonly equivalent: readonly Mutant[];
  readonly survived: readonly Mutant[];
  /** Some test file was not asked yet. */
  readonly open: readonly Mutant[];
}

/** Sorts the mutants by what became of them. */
export function outcomeOf(mutants: readonly Mutant[], testFiles: readonly TestFile[], results: Results): Outcome {
  const kindOf = (mutant: Mutant): keyof Outcome => {
    if (equivalentOf(mutant)) return 'equivalent';
    if (results.killed(mutant)) return 'killed';
    const isDone = testFiles.every((one) => !one.loads.has(mutant.file) || results.asked(mutant, one));
    return isDone ? 'survived' : 'open';
  };
  const sorted = Map.groupBy(mutants, kindOf);
  const of = (kind: keyof Outcome) => sorted.get(kind) ?? [];
  return { killed: of('killed'), equivalent: of('equivalent'), survived: of('survived'), open: of('open') };
}

export function countsOf({ killed, equivalent, survived, open }: Outcome): Readonly<Record<string, number>> {
  const counts = {
    mutants: killed.length + equivalent.length + survived.length + open.length,
    killed: killed.length,
    equivalent: equivalent.length,
    survived: survived.length,
  };
  return open.length === 0 ? counts : { ...counts, notRun: open.length };
}

/** The page of a whole run. */
export function writeEvidence(file: string, outcome: Outcome): void {
  const { killed, equivalent, survived, open } = outcome;
  const files = [...new Set([killed, equivalent, survived, open].flat().map((mutant) => mutant.file))].sort();
  const count = (list: readonly Mutant[], of: string) => list.filter((mutant) => mutant.file === of).length;
  const row = (of: string) => {
    const counts = [killed, equivalent, survived, open].map((list) => count(list, of));
    return `| \`${of}\` | ${counts.reduce((sum, one) => sum + one, 0)} | ${counts.join(' | ')} |`;
  };
  const list = (title: string, mutants: readonly Mutant[], reasonOf: (mutant: Mutant) => string = () => '') =>
    mutants.length === 0
      ? []
      : [
          '',
          `## ${title}`,
          '',
          ...mutants.map((mutant) => `- \`${describeMutant(mutant).replaceAll('`', "'")}\`${reasonOf(mutant)}`),
        ];
  const total = [killed, equivalent, survived, open].map((one) => one.length);
  const lines = [
    '# Mutants',
    '',
    'Written by `npm run mutate`. A mutant is one small fault put into the code; it is killed when a test notices it.',
    'The operators and the files are in `test/mutate/find-mutants.ts` and `test/mutate/scope.ts`.',
    '',
    '| file | mutants | killed | equivalent | survived | not yet run |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...files.map(row),
    `| all | ${total.reduce((sum, one) => sum + one, 0)} | ${total.join(' | ')} |`,
    ...list('Equivalent', equivalent, (mutant) => `: ${equivalentOf(mutant)?.reason}`),
    ...list('Survived', survived),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
}
