// npm run crash: nothing acknowledged is ever lost, nothing torn is ever served (P1, P3, P6). See options.ts for its use.
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { KeepsakeError, reasonOf } from '../../src/shared/errors.ts';
import { createImageLedger, type Violation } from '../model/image-ledger.ts';
import { compareDeletedObjects } from './compare-images.ts';
import { compareAll, type Run, runCycle } from './cycle.ts';
import { planFault } from './fault-plan.ts';
import { checkAtTheEnd } from './final-check.ts';
import { createImageApi } from './image-api.ts';
import { createObjectLoad } from './object-load.ts';
import { type CrashOptions, readOptions, usage } from './options.ts';
import { createProgress } from './progress.ts';
import { createSystem, type System } from './system.ts';

const shownViolations = 20;
const shownHistory = 60;

if (process.argv.includes('--help')) console.log(usage);
else process.exit(await main()); // when a cycle failed, its clients may still be at work

async function main(): Promise<number> {
  let options: CrashOptions;
  try {
    options = readOptions(process.argv.slice(2), randomInt(1, 1_000_000));
  } catch (error) {
    console.error(`${reasonOf(error)} (npm run crash -- --help lists the options)`);
    return 2;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-crash-'));
  await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
  const system = await createSystem(folder, options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void system.remove().finally(() => process.exit(130)));
  const images = options.images === 0 ? 'no images' : `${options.images} images in each ${options.imagesEvery}. cycle`;
  const disk = system.hasLayer ? '' : '; no power cuts and failing disks';
  console.log(`seed ${options.seed}; ${options.cycles} cycles, ${options.clients} clients, ${images}${disk}`);
  let isGood = false;
  try {
    isGood = await crash(system, options, folder);
  } catch (error) {
    console.error(error instanceof KeepsakeError ? error.message : error);
  }
  await system.remove();
  if (isGood && !options.keepsFolder) await rm(folder, { recursive: true, force: true });
  else console.error(`data, logs and history: ${folder}; the same plan again: --seed ${options.seed}`);
  return isGood ? 0 : 1;
}

async function crash(system: System, options: CrashOptions, folder: string): Promise<boolean> {
  const startedAt = performance.now();
  await system.start();
  const objects = createObjectLoad(system.s3Url, { ...options, historyFile: path.join(folder, 'history.txt') });
  const run: Run = {
    options,
    system,
    api: createImageApi(system.apiUrl),
    ledger: createImageLedger(),
    objects,
    refused: new Map(),
  };
  await objects.prepare();
  const report = createReport(run, folder);
  const faults = new Map<string, number>();
  const progress = createProgress(options.cycles, console.log);
  let acknowledgedImages = 0;
  for (let cycle = options.fromCycle; cycle < options.fromCycle + options.cycles; cycle++) {
    const fault = planFault(options.seed, cycle, { ...options, ...system, only: options.faults });
    faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1);
    const result = await runCycle(run, cycle, fault).catch((error: unknown) => {
      throw new Error(`cycle ${cycle} (${fault.name}) can't go on; --from-cycle ${cycle} begins with it`, {
        cause: error,
      });
    });
    acknowledgedImages += result.acknowledgedImages;
    report(`cycle ${cycle}, ${fault.name}`, result.violations, result.wrong);
    progress.cycleEnded(result, sum(objects.answered));
  }
  await system.kill('group'); // changes after the last fault have to survive one, too
  await system.start();
  const last = await compareAll(run);
  const hasImages = options.images > 0;
  const leftOver = hasImages ? await compareDeletedObjects(system.s3Url, run.ledger) : [];
  const found = report('at the end', [...last, ...leftOver], []);
  const check = hasImages ? await checkAtTheEnd(system.env) : undefined;
  if (check?.isHealthy === false) console.log(check.output);
  objects.close();
  const exitCodes = await system.stop();
  const count = (kind: Violation['kind']) => found.violations.filter((one) => one.kind === kind).length;
  console.log(
    JSON.stringify({
      cycles: options.cycles,
      acknowledged: acknowledgedImages + sum(objects.answered),
      lost: count('lost'),
      torn: count('torn'),
      resurrected: count('resurrected'),
      wrong: found.wrong.length,
      answered: sorted(objects.answered),
      unanswered: sorted(objects.unanswered),
      faults: sorted(faults),
      ...(hasImages && { acknowledgedImages, refused: Object.fromEntries(run.refused) }),
      ...(check && { isHealthy: check.isHealthy, repairs: check.repairs }),
      exitCodes,
      upstream: options.upstream,
      seed: options.seed,
      seconds: Math.round((performance.now() - startedAt) / 1000),
      commit: commitId(),
    }),
  );
  const isGood = found.violations.length === 0 && found.wrong.length === 0 && check?.isHealthy !== false;
  return isGood && sum(objects.answered) > 0 && (!hasImages || acknowledgedImages > 0);
}

/** Prints what was found, the history of its key with it (whole in a file of its own), and adds it up. */
function createReport({ objects }: Run, folder: string) {
  const all: { readonly violations: Violation[]; readonly wrong: string[] } = { violations: [], wrong: [] };
  return (when: string, violations: readonly Violation[], wrong: readonly string[]) => {
    const ofKeys = objects.ledger.takeViolations();
    for (const { kind, what } of violations.slice(0, shownViolations)) console.log(`${kind} (${when}): ${what}`);
    for (const { kind, what, history } of ofKeys) {
      const number = all.violations.length + 1;
      const file = path.join(folder, `violation-${number}.txt`);
      all.violations.push({ kind, what });
      writeFileSync(file, `${kind} (${when}): ${what}\n\n${history.join('\n')}\n`);
      if (number > shownViolations) continue;
      console.log(`${kind} (${when}): ${what}\n  all requests on the key: ${file}; the last of them:`);
      for (const line of history.slice(-shownHistory)) console.log(`    ${line}`);
    }
    all.violations.push(...violations);
    const news = [...wrong, ...objects.takeWrong()];
    for (const one of news) console.log(`wrong (${when}): ${one}`);
    all.wrong.push(...news);
    return all;
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, one) => total + one, 0);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, left], [, right]) => right - left));
}

function commitId(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown'; // not in a clone
  }
}
