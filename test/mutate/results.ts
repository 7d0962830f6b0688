// The verdicts of earlier runs, so that a cut run continues. A verdict holds while the mutated file and the test file that
// gave it are as they were.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { keyOf, type Mutant } from './mutant.ts';
import type { TestFile } from './test-files.ts';

export interface Verdict {
  readonly kind: 'killed' | 'passed' | 'not-reached';
  /** The test file that was asked. */
  readonly by: string;
  /** The test that failed. */
  readonly test?: string;
}

interface Line extends Verdict {
  readonly key: string;
  readonly source: string;
  readonly testHash: string;
}

export interface Results {
  /** Who killed it, when that still holds. */
  killed(mutant: Mutant): Verdict | undefined;
  /** Whether that test file was asked already, and did not kill it. */
  asked(mutant: Mutant, testFile: TestFile): Verdict | undefined;
  add(mutant: Mutant, testFile: TestFile, verdict: Omit<Verdict, 'by'>): void;
  /** Last duration of each test file, in milliseconds. */
  readonly lastMs: ReadonlyMap<string, number>;
  setMs(testFile: TestFile, ms: number): void;
}

export function openResults(
  folder: string,
  hashes: ReadonlyMap<string, string>,
  testFiles: readonly TestFile[],
): Results {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'results.ndjson');
  const timesFile = path.join(folder, 'times.ndjson');
  const testHashes = new Map(testFiles.map((one) => [one.file, one.hash]));
  const killed = new Map<string, Verdict>();
  const asked = new Map<string, Verdict>();
  const lastMs = new Map(linesOf<[string, number]>(timesFile));
  const take = (line: Line): void => {
    if (line.kind === 'killed') killed.set(line.key, line);
    asked.set(`${line.key} ${line.by}`, line);
  };
  for (const line of linesOf<Line>(file)) {
    const isSame = testHashes.get(line.by) === line.testHash && [...hashes.values()].includes(line.source);
    if (isSame) take(line);
  }
  const holds = (mutant: Mutant, verdict: Verdict | undefined) =>
    verdict && (verdict as Line).source === hashes.get(mutant.file) ? verdict : undefined;
  return {
    killed: (mutant) => holds(mutant, killed.get(keyOf(mutant))),
    asked: (mutant, testFile) => holds(mutant, asked.get(`${keyOf(mutant)} ${testFile.file}`)),
    add(mutant, testFile, verdict) {
      const source = hashes.get(mutant.file) ?? '';
      const line: Line = { key: keyOf(mutant), source, by: testFile.file, testHash: testFile.hash, ...verdict };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      take(line);
    },
    lastMs,
    setMs(testFile, ms) {
      lastMs.set(testFile.file, ms);
      appendFileSync(timesFile, `${JSON.stringify([testFile.file, Math.round(ms)])}\n`);
    },
  };
}

// The last line may be torn, where the run was cut while it wrote.
function linesOf<T>(file: string): readonly T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as T];
      } catch {
        return [];
      }
    });
}
