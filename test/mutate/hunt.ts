// Hunts all mutants through all test files, quick files first: each mutant leaves at the first test that notices it.
import path from 'node:path';
import { startFileHunt } from './file-hunt.ts';
import type { Mutant } from './mutant.ts';
import type { Results } from './results.ts';
import type { Sandbox } from './sandbox.ts';
import { quickFirst, type TestFile } from './test-files.ts';
import { TestSession } from './test-session.ts';

export interface HuntOptions {
  readonly sandbox: Sandbox;
  readonly mutants: readonly Mutant[];
  readonly testFiles: readonly TestFile[];
  readonly results: Results;
  /** Test files at work at once. */
  readonly lanes: number;
  /** Starts the servers of the tests; resolves with the values of `inject`. */
  readonly provide: () => Promise<Readonly<Record<string, unknown>>>;
  /** Called after each verdict and each test file. */
  readonly onStep: (what: string) => void;
  readonly isCut: () => boolean;
}

/** Resolves when each mutant is killed or has met every test file, or when the run is cut. */
export async function huntAll(options: HuntOptions): Promise<void> {
  const mutated = new Set(options.mutants.map(({ file }) => file));
  const open = [...quickFirst(options.testFiles, options.results.lastMs, mutated)];
  const lane = async (number: number): Promise<void> => {
    for (let next = open.shift(); next && !options.isCut(); next = open.shift()) await huntWith(next, number, options);
  };
  await Promise.all(Array.from({ length: options.lanes }, (_, number) => lane(number)));
}

async function huntWith(testFile: TestFile, lane: number, options: HuntOptions): Promise<void> {
  const { sandbox, mutants, results, onStep } = options;
  const isOpen = (mutant: Mutant) =>
    testFile.loads.has(mutant.file) && !results.killed(mutant) && !results.asked(mutant, testFile);
  if (!mutants.some(isOpen)) return;
  const provided = await options.provide();
  let processes = 0;
  const start = (mutant: number) => {
    processes += 1;
    const temporary = path.join(options.sandbox.folder, '..', 'temporary', `${process.pid}-${lane}-${processes}`);
    return new TestSession({ folder: sandbox.folder, testFile: testFile.file, provided, mutant, temporary });
  };
  onStep(`${testFile.file}: without a mutant`);
  const hunt = await startFileHunt(start);
  if (!hunt) return onStep(`${testFile.file}: can't be loaded, left out`);
  results.setMs(testFile, hunt.ms);
  for (const fault of hunt.failing) onStep(`${testFile.file}: left out, fails without a mutant: ${fault}`);
  try {
    for (const mutant of mutants.filter(isOpen)) {
      if (options.isCut()) return;
      if (results.killed(mutant)) continue; // by the other lane, meanwhile
      if (!hunt.reaches(mutant)) {
        results.add(mutant, testFile, { kind: 'not-reached' });
        continue;
      }
      const test = await hunt.hunt(mutant);
      results.add(mutant, testFile, test === null ? { kind: 'passed' } : { kind: 'killed', test });
      onStep(testFile.file);
    }
  } finally {
    await hunt.end();
  }
}
