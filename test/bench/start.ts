// npm run bench:start: what a process costs before it has done any work. The keeper and the API, each ready and idle for
// a second, and `keepsake --help`: processor time (user and system, all threads) and memory. `--against` measures another
// checkout in the same run, by turns. The last line is JSON.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { CommanderError, createCommand } from 'commander';
import { startPostgres } from '../../src/embedded/postgres/server.ts';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { makeBenchFolder } from './folder.ts';
import { wholeNumber } from './options.ts';
import { type Cost, type Measured, measureHelp, measureServing, type Subject } from './start-cost.ts';

interface Options {
  readonly rounds: number;
  readonly against?: string;
}

const subjects = ['keeper', 'api', 'help'] as const;
type SubjectName = (typeof subjects)[number];

const program = createCommand('npm run bench:start --')
  .description(
    'Processor time and memory of an idle keeper, an idle API and `keepsake --help`. Linux. The last line is JSON.',
  )
  .option('--rounds <count>', 'starts of each that are measured', wholeNumber, 9)
  .option('--against <folder>', 'another checkout, with its node_modules, measured by turns with this one')
  .exitOverride();

try {
  const options = program.parse().opts<Options>();
  await run(options);
} catch (error) {
  process.exitCode = codeOf(error);
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof KeepsakeError)) throw error;
  console.error(error.message);
  return 2;
}

async function run({ rounds, against }: Options): Promise<void> {
  const sides = [
    ...(against === undefined ? [] : [{ side: 'before', checkout: checkoutAt(against) }]),
    { side: 'after', checkout: path.resolve(import.meta.dirname, '../..') },
  ];
  const folder = await makeBenchFolder();
  await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
  const postgres = await startPostgres({
    folder: path.join(folder, 'postgres'),
    password: path.join(folder, 'postgres-password'),
    logFile: path.join(folder, 'postgres.log'),
    logger: silentLogger(),
    onLost: (error) => {
      throw error;
    },
  });
  try {
    const costs = new Map<string, Cost[]>();
    // Round 0 is not measured: it fills the cache of compiled code, where a checkout's image has one, and the page cache.
    for (let round = 0; round <= rounds; round++)
      for (const { side, checkout } of sides)
        for (const name of subjects) {
          const subject = { checkout, folder: path.join(folder, side), databaseUrl: postgres.url };
          const cost = await measure(name, subject);
          const at = `${round === 0 ? 'first' : side} ${name}`;
          if (round > 0 || side === 'after') costs.set(at, [...(costs.get(at) ?? []), cost]);
          process.stderr.write('.');
        }
    process.stderr.write('\n');
    report(costs, rounds);
  } finally {
    await postgres.stop();
  }
}

function measure(name: SubjectName, subject: Subject): Promise<Cost> {
  switch (name) {
    case 'keeper':
      return measureServing(subject, ['keeper', 'run'], '/_keeper/livez');
    case 'api':
      return measureServing(subject, ['api'], '/healthz');
    case 'help':
      return measureHelp(subject);
  }
}

function report(costs: ReadonlyMap<string, readonly Cost[]>, rounds: number): void {
  const table = new Table({
    head: ['', '', 'processor', 'resident', 'share of others taken off'],
    style: { head: [], border: [] },
  });
  const result: Record<string, Record<string, Measured | Ratio>> = {};
  for (const name of subjects) {
    const sides: Record<string, Measured> = {};
    for (const side of ['first', 'before', 'after']) {
      const all = costs.get(`${side} ${name}`);
      if (all === undefined) continue;
      const measured = medianOf(all);
      sides[side] = measured;
      table.push([
        name,
        side,
        `${measured.cpuMs} ms`,
        `${measured.residentMiB} MiB`,
        measured.proportionalMiB === null ? '' : `${measured.proportionalMiB} MiB`,
      ]);
    }
    const { before, after } = sides;
    result[name] = { ...sides, ...(before && after && { ratio: ratioOf(before, after) }) };
  }
  console.log(table.toString());
  console.log(JSON.stringify({ bench: 'start', rounds, ...result }));
}

interface Ratio {
  readonly cpu: number;
  readonly resident: number;
}

function ratioOf(before: Measured, after: Measured): Ratio {
  return {
    cpu: Number((after.cpuMs / before.cpuMs).toFixed(3)),
    resident: Number((after.residentMiB / before.residentMiB).toFixed(3)),
  };
}

function medianOf(costs: readonly Cost[]): Measured {
  const MiB = 1024 ** 2;
  const shared = costs.map(({ proportionalBytes }) => proportionalBytes);
  return {
    cpuMs: Math.round(median(costs.map(({ cpuMs }) => cpuMs))),
    residentMiB: Number((median(costs.map(({ residentBytes }) => residentBytes)) / MiB).toFixed(1)),
    proportionalMiB: shared.every((bytes) => bytes !== null) ? Number((median(shared) / MiB).toFixed(1)) : null,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** @throws KeepsakeError when there is none, or its packages are not installed */
function checkoutAt(folder: string): string {
  const manifest = path.join(folder, 'package.json');
  const isOurs = existsSync(manifest) && /"name": "keepsake"/.test(readFileSync(manifest, 'utf8'));
  if (isOurs && existsSync(path.join(folder, 'node_modules'))) return realpathSync(folder);
  throw new KeepsakeError('InvalidSettings', {
    what: `--against ${folder} can't be measured`,
    expected: 'a checkout of Keepsake with its node_modules',
    remedy: 'Make one: git worktree add FOLDER COMMIT && npm ci --prefix FOLDER',
  });
}
