// npm run mutate: whether a test notices when a line that carries a promise is wrong. See options.ts for its use.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import setupServers from '../support/global-setup.ts';
import { equivalentOf, faultsOf } from './equivalents.ts';
import { huntAll } from './hunt.ts';
import { describeMutant, type Mutant } from './mutant.ts';
import { chooseFrom, type MutateOptions, readOptions, usage } from './options.ts';
import { countsOf, outcomeOf, writeEvidence } from './report.ts';
import { openResults, type Results } from './results.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { filesInScope } from './scope.ts';
import { type TestFile, testFilesFor } from './test-files.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'tmp/mutate');

if (process.argv.includes('--help')) console.log(usage);
else process.exit(await main()); // a cut run may leave a connection to a server open

async function main(): Promise<number> {
  let options: MutateOptions;
  let sandbox: Sandbox;
  let mutants: readonly Mutant[];
  try {
    options = readOptions(process.argv.slice(2));
    sandbox = createSandbox(root, path.join(folder, 'tree'), filesInScope(root));
    mutants = chooseFrom(sandbox.mutants, options);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n(npm run mutate -- --help)`);
    return 2;
  }
  if (options.isList) {
    for (const mutant of mutants) console.log(describeMutant(mutant));
    return 0;
  }
  const testFiles = testFilesFor(root, [...new Set(mutants.map(({ file }) => file))]);
  const results = openResults(folder, sandbox.hashes, testFiles);
  await runAll({ options, sandbox, mutants, testFiles, results });
  return finish({ options, sandbox, mutants, testFiles, results });
}

interface Run {
  readonly options: MutateOptions;
  readonly sandbox: Sandbox;
  readonly mutants: readonly Mutant[];
  readonly testFiles: readonly TestFile[];
  readonly results: Results;
}

async function runAll({ options, sandbox, mutants, testFiles, results }: Run): Promise<void> {
  const startedAt = performance.now();
  const endsAt = options.minutes === undefined ? Number.POSITIVE_INFINITY : startedAt + options.minutes * 60_000;
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      isStopped = true;
    });
  const servers = createServers();
  const toHunt = mutants.filter((mutant) => !equivalentOf(mutant));
  console.log(`${mutants.length} mutants, ${testFiles.length} test files, ${options.lanes} at once`);
  await huntAll({
    sandbox,
    mutants: toHunt,
    testFiles,
    results,
    lanes: options.lanes,
    provide: servers.provide,
    onStep: createProgress(toHunt, results, startedAt),
    isCut: () => isStopped || performance.now() > endsAt,
  });
  await servers.stop();
}

// One Postgres for the whole run, as vitest's own set-up starts it; no container of an emulator.
function createServers() {
  let starting: Promise<{ provided: Record<string, unknown>; stop: () => Promise<unknown> }> | undefined;
  const start = async () => {
    process.env.DOCKER_HOST = 'unix:///dev/null';
    const provided: Record<string, unknown> = {};
    const provide = (name: string, value: unknown) => {
      provided[name] = value;
    };
    const stop = await setupServers({ provide } as unknown as Parameters<typeof setupServers>[0]);
    return { provided, stop };
  };
  return {
    async provide() {
      starting ??= start();
      return (await starting).provided;
    },
    stop: async () => void (await (await starting)?.stop()),
  };
}

// One line at most every few seconds, with the time that is left at the pace so far.
function createProgress(mutants: readonly Mutant[], results: Results, startedAt: number): (what: string) => void {
  const before = mutants.filter((mutant) => results.killed(mutant)).length;
  let lastAt = 0;
  return (what) => {
    const now = performance.now();
    if (now - lastAt < 5_000 && !what.includes('left out')) return;
    lastAt = now;
    const killed = mutants.filter((mutant) => results.killed(mutant)).length;
    const perMutant = (now - startedAt) / Math.max(1, killed - before);
    const left = Math.ceil(((mutants.length - killed) * perMutant) / 60_000);
    console.log(`${killed} of ${mutants.length} killed, about ${left} min left; ${what}`);
  };
}

function finish({ options, sandbox, mutants, testFiles, results }: Run): number {
  const outcome = outcomeOf(mutants, testFiles, results);
  for (const mutant of outcome.survived) console.log(`survived: ${describeMutant(mutant)}`);
  const faults = faultsOf(sandbox.mutants);
  for (const fault of faults) console.log(fault);
  if (options.sample === undefined && options.file === undefined) {
    mkdirSync(path.join(root, 'docs/evidence'), { recursive: true });
    writeEvidence(path.join(root, 'docs/evidence/mutants.md'), outcome);
  }
  console.log(JSON.stringify(countsOf(outcome)));
  return outcome.survived.length + outcome.open.length + faults.length === 0 ? 0 : 1;
}
