// One test file in a process of its own, kept warm: it runs the tests that are asked for, with the mutant that is asked for.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Ask, Tell, TestResult } from '../messages.ts';
import { mutation } from './switch.ts';
import { collect, endSuites, runTest, startSuites, type Test } from './vitest.ts';

const [, , file = ''] = process.argv;
const hitsFile = process.env.MUTANT_HITS_FILE ?? '';
let loads = 0;
let strayFault: string | undefined;
let onStray = (): void => {};

const textOf = (fault: unknown): string =>
  (fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault)).slice(0, 300);
const tell = (what: Tell): void => void process.send?.(what);
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (fault: unknown) => {
    strayFault ??= textOf(fault);
    onStray();
  });

process.on('message', (ask: Ask) => void run(ask).then(tell));
try {
  const { hits, value } = await metBy(load, `${hitsFile}.around`);
  tell({ kind: 'loaded', names: value.map(({ name }) => name), hits });
} catch (fault) {
  tell({ kind: 'failed-to-load', fault: textOf(fault) });
}

// Anew for each run, so that nothing the test file itself remembers goes from one mutant to the next.
function load(): Promise<readonly Test[]> {
  loads += 1;
  return collect(`${pathToFileURL(file).href}?load=${loads}`);
}

async function run({ mutant, tests, boundsMs, isBaseline }: Ask): Promise<Tell> {
  const results: TestResult[] = [];
  const around = new Set<number>();
  const gather = async (work: () => Promise<unknown>): Promise<unknown> => {
    if (!isBaseline) return work();
    const { hits, value } = await metBy(work, `${hitsFile}.around`);
    for (const hit of hits) around.add(hit);
    return value;
  };
  mutation.active = mutant;
  process.env.MUTANT_ON = String(mutant);
  strayFault = undefined;
  const all = await load();
  let isSpent = false;
  for (const [index, test] of tests.entries()) {
    const one = all[test];
    if (!one) throw new Error(`no test ${test} in ${file}`);
    const boundMs = boundsMs[index] ?? 0;
    const startedAt = performance.now();
    const started = await bounded(() => gather(() => startSuites(one)), boundMs);
    const met = started.fault === null ? await measured(one, boundMs, isBaseline) : { ...started, hits: [] };
    results.push({ test, fault: met.fault, hits: met.hits, ms: performance.now() - startedAt });
    isSpent ||= met.isSpent;
    if (isSpent || (met.fault !== null && !isBaseline)) break;
  }
  if (!isSpent) {
    const end = await bounded(() => gather(() => endSuites(all)), 30_000);
    const last = results.at(-1);
    isSpent = end.isSpent;
    if (end.fault !== null && last && last.fault === null) results[results.length - 1] = { ...last, fault: end.fault };
  }
  mutation.active = 0;
  return { kind: 'ran', results, hits: [...around], isSpent };
}

async function measured(test: Test, boundMs: number, isBaseline: boolean) {
  if (!isBaseline) return { ...(await bounded(() => runTest(test), boundMs)), hits: [] };
  const { hits, value } = await metBy(() => bounded(() => runTest(test), boundMs));
  return { ...value, hits };
}

/** Runs work to its end, its bound, or a fault that nobody awaited. */
async function bounded(
  work: () => Promise<unknown>,
  boundMs: number,
): Promise<{ fault: string | null; isSpent: boolean }> {
  let timer: NodeJS.Timeout | undefined;
  const early = new Promise<{ fault: string; isSpent: true }>((resolve) => {
    timer = setTimeout(() => resolve({ fault: 'timeout', isSpent: true }), boundMs);
    onStray = () => resolve({ fault: `not awaited: ${strayFault}`, isSpent: true });
    if (strayFault !== undefined) onStray();
  });
  const done = (async () => {
    try {
      const fault = await work();
      await new Promise(setImmediate); // rejections of this tick are reported by now
      return { fault: fault === undefined || typeof fault !== 'object' ? null : textOf(fault), isSpent: false };
    } catch (fault) {
      return { fault: textOf(fault), isSpent: false };
    }
  })();
  const outcome = await Promise.race([early, done]);
  clearTimeout(timer);
  return outcome;
}

/**
 * Does work and resolves with the mutants it met, in this process and in those that it started. Processes that start around
 * all tests report a mutant once, so it counts for each test.
 */
async function metBy<T>(work: () => Promise<T>, elsewhereFile = hitsFile): Promise<{ hits: number[]; value: T }> {
  if (elsewhereFile === hitsFile) rmSync(elsewhereFile, { force: true });
  process.env.MUTANT_HITS = elsewhereFile;
  mutation.hits = new Set();
  try {
    const value = await work();
    const elsewhere = existsSync(elsewhereFile) ? readFileSync(elsewhereFile, 'utf8').split('\n') : [];
    return { hits: [...new Set([...mutation.hits, ...elsewhere.filter(Boolean).map(Number)])], value };
  } finally {
    mutation.hits = undefined;
    delete process.env.MUTANT_HITS;
  }
}
