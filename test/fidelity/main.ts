// npm run fidelity: a client can't tell the keeper from the emulator (P2). Every case goes to the bare emulator and through
// the keeper in front of it. Then the emulator is killed, and what the cases left must be what it was (P3). The last
// line is JSON; the exit code is 1 when anything differs without a reason.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { textsOf } from '../../src/keeper/s3/xml.ts';
import { KeepsakeError, reasonOf } from '../../src/shared/errors.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { lookAtBucket } from './bucket-snapshot.ts';
import { areas } from './cases/all.ts';
import type { Area, FidelityCase } from './cases/case.ts';
import { isInstalled, programs } from './cases/programs.ts';
import { type Comparison, compare } from './compare.ts';
import { type Door, makeBucket, openDoor } from './door.ts';
import { chooseEmulator } from './emulator.ts';
import { type Explanation, explanations } from './known-differences.ts';
import { removeBuckets } from './remove-buckets.ts';
import { renderDocument, renderTable, renderUnexplained, summarise, verdictOf } from './report.ts';

const documentFile = 'docs/evidence/fidelity.md';
const usage = `npm run fidelity -- [options]
  --only TEXT                cases whose area or name contains it (all)
  --show                     prints what was seen through the keeper
  --emulator NAME            which it is (LocalStack); ${documentFile} is about LocalStack only
  --run "CMD"                runs it in the foreground, with {port} in its words: --run "moto_server -p {port}"
  --localstack-command CMD   runs LocalStack by "CMD start PORT" and "CMD kill PORT" instead of in a container
  AWS_S3_ENDPOINT_URL        one that runs already: it is not killed, so nothing is compared after a restore
`;

const values = readOptions();

/** A case and the bucket it has behind the keeper. */
interface Ran {
  readonly area: string;
  readonly fidelityCase: FidelityCase;
  readonly bucket: string;
}

if (values.help) console.log(usage);
else
  process.exitCode = await main().catch((error: unknown) => {
    console.error(error instanceof KeepsakeError ? error.message : error);
    return 2;
  });

function readOptions() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', default: '' },
        show: { type: 'boolean', default: false },
        emulator: { type: 'string', default: 'LocalStack' },
        run: { type: 'string' },
        'localstack-command': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${reasonOf(error)} (npm run fidelity -- --help lists the options)`);
    process.exit(2);
  }
}

async function main(): Promise<number> {
  const emulator = chooseEmulator({
    name: values.emulator,
    run: values.run,
    localStackCommand: values['localstack-command'],
    url: process.env.AWS_S3_ENDPOINT_URL || undefined,
  });
  const world = await createKeeperWorld(emulator);
  const comparisons: Comparison[] = [];
  const installed = programs.filter(isInstalled);
  for (const absent of programs.filter((program) => !installed.includes(program)))
    console.log(`Not compared: ${absent.name} is not installed.`);
  const clients: Area = { name: 'clients', cases: installed.flatMap(({ cases }) => cases) };
  try {
    const ran = await compareDoors(world, [...areas, clients], comparisons);
    if (emulator.canBeKilled) await compareAfterRestore(world, ran, comparisons);
    else {
      await removeBuckets(
        world.keeper.url,
        ran.map(({ bucket }) => bucket),
      );
      await removeBuckets(
        world.emulator.url,
        ran.map(({ bucket }) => bucket.replace('-kept-', '-bare-')),
      );
      console.log('Not compared after a restore: the emulator that AWS_S3_ENDPOINT_URL names is not killed.');
    }
  } finally {
    await world.stop();
  }
  console.log(renderTable(comparisons));
  for (const one of comparisons) if (verdictOf(one) === 'different') console.log(renderUnexplained(one));
  const isWhole =
    values.emulator === 'LocalStack' &&
    values.only === '' &&
    emulator.canBeKilled &&
    installed.length === programs.length;
  if (isWhole)
    await writeFile(
      documentFile,
      renderDocument(comparisons, ['AWS SDK for JavaScript v3', 'plain HTTP', ...installed.map(({ name }) => name)]),
    );
  console.log(
    isWhole
      ? `written: ${documentFile}`
      : `${documentFile} is left as it is: this was not the whole suite on LocalStack`,
  );
  const summary = summarise(comparisons);
  console.log(JSON.stringify(summary));
  return summary.unexplained === 0 && summary.cases > 0 ? 0 : 1;
}

async function compareDoors(
  { emulator, keeper }: KeeperWorld,
  compared: readonly Area[],
  comparisons: Comparison[],
): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  const run = Date.now().toString(36);
  for (const area of compared) {
    for (const fidelityCase of area.cases) {
      const { name } = fidelityCase;
      if (!`${area.name}: ${name}`.includes(values.only)) continue;
      const number = String(ran.length).padStart(4, '0');
      const startedAt = performance.now();
      const [bare, kept] = [`fidelity-bare-${run}-${number}`, `fidelity-kept-${run}-${number}`];
      const [expected, seen] = await Promise.all([
        watch(emulator.url, bare, fidelityCase.run),
        watch(keeper.url, kept, fidelityCase.run),
      ]);
      const seconds = (performance.now() - startedAt) / 1000;
      if (seconds > 5) console.log(`${area.name}: ${name}: took ${seconds.toFixed(1)} s`);
      if (values.show) console.log(seen.join('\n\n'));
      ran.push({ area: area.name, fidelityCase, bucket: kept });
      comparisons.push(compare({ area: area.name, name }, { left: expected, right: seen }, explanationsAt('doors')));
    }
  }
  return ran;
}

async function compareAfterRestore(world: KeeperWorld, ran: readonly Ran[], comparisons: Comparison[]): Promise<void> {
  const before = await lookAtAll(world.keeper.url, ran);
  const changedBefore = await lastModified(world.keeper.url, ran);
  await world.restartEmulator();
  const after = await lookAtAll(world.keeper.url, ran);
  const times = { left: changedBefore, right: await lastModified(world.keeper.url, ran) };
  comparisons.push(
    compare({ area: 'after a restore: objects', name: 'Last-Modified' }, times, explanationsAt('restore')),
  );
  for (const [index, { area, fidelityCase }] of ran.entries()) {
    const row = { area: `after a restore: ${area}`, name: fidelityCase.name };
    const seen = { left: before[index] ?? [], right: after[index] ?? [] };
    comparisons.push(compare(row, seen, explanationsAt('restore')));
  }
}

function explanationsAt(place: Explanation['at']): readonly Explanation[] {
  return explanations.filter(({ at }) => at === place);
}

async function lookAtAll(url: string, ran: readonly Ran[]): Promise<readonly (readonly string[])[]> {
  const seen: (readonly string[])[] = [];
  for (const { bucket } of ran) seen.push(await record(url, bucket, lookAtBucket));
  return seen;
}

/** When an object of the first case was last changed, as it is told. */
async function lastModified(url: string, [first]: readonly Ran[]): Promise<readonly string[]> {
  if (first === undefined) return [];
  const door = openDoor(url, first.bucket);
  const listing = await door.raw('GET', '?list-type=2');
  door.close();
  return textsOf(listing.answer.body.toString(), 'LastModified').slice(0, 1);
}

async function watch(url: string, bucket: string, run: (door: Door) => Promise<unknown>): Promise<readonly string[]> {
  await makeBucket(url, bucket);
  return record(url, bucket, run);
}

/** Records the exchanges seen through a door; a request without an answer is seen, too. */
async function record(url: string, bucket: string, run: (door: Door) => Promise<unknown>): Promise<readonly string[]> {
  const door = openDoor(url, bucket);
  try {
    await run(door);
  } catch (error) {
    door.note(`no answer: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    door.close();
  }
  return door.seen;
}
