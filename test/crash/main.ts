// npm run crash: nothing acknowledged is ever lost, nothing torn is ever served (P1, P3, P6). See options.ts for its use.
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { reasonOf } from '../../src/shared/s3.ts';
import { createImageLedger, type Violation } from '../model/image-ledger.ts';
import { compareDeletedObjects } from './compare-images.ts';
import { compareAll, type Run, runCycle } from './cycle.ts';
import { checkAtTheEnd } from './final-check.ts';
import { createImageApi } from './image-api.ts';
import { planKill } from './kill.ts';
import { createObjectLoad } from './object-load.ts';
import { type CrashOptions, readOptions, usage } from './options.ts';
import { createSystem, type System } from './system.ts';

const shownViolations = 20;

if (process.argv.includes('--help')) console.log(usage);
else process.exit(await main()); // when a cycle failed, its clients may still be at work

async function main(): Promise<number> {
  let options: CrashOptions;
  try {
    options = readOptions(process.argv.slice(2), randomInt(1, 1_000_000));
  } catch (error) {
    console.error(`${reasonOf(error)}\n\n${usage}`);
    return 2;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-crash-'));
  await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
  const system = await createSystem(folder, options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void system.remove().finally(() => process.exit(130)));
  console.log(
    `seed ${options.seed}; in each of ${options.cycles} cycles ${options.images} images by ${options.clients} clients\n` +
      '  six types, sizes of a Pareto distribution: half under 4 KiB, 3 % over 1 MiB, up to 50 MiB; and objects over S3',
  );
  let isGood = false;
  try {
    isGood = await crash(system, options);
  } catch (error) {
    console.error(error instanceof KeepsakeError ? error.message : error);
  }
  await system.remove();
  if (isGood && !options.keepsFolder) await rm(folder, { recursive: true, force: true });
  else console.error(`data and logs: ${folder}; the same plan again: --seed ${options.seed}`);
  return isGood ? 0 : 1;
}

async function crash(system: System, options: CrashOptions): Promise<boolean> {
  const startedAt = performance.now();
  await system.start();
  const run: Run = {
    options,
    system,
    api: createImageApi(system.apiUrl),
    ledger: createImageLedger(),
    objects: await createObjectLoad(system.s3Url, options.seed),
    refused: new Map(),
  };
  const violations: Violation[] = [];
  let acknowledgedImages = 0;
  for (let cycle = 1; cycle <= options.cycles; cycle++) {
    const kill = planKill(options, cycle);
    const result = await runCycle(run, cycle, kill);
    acknowledgedImages += result.acknowledgedImages;
    violations.push(...result.violations);
    const again = kill.againAfterMs === undefined ? '' : `, again ${kill.againAfterMs} ms into the restart`;
    const stored = `${run.ledger.stored().length} images, ${Math.round(run.ledger.storedBytes() / 2 ** 20)} MiB`;
    console.log(
      `${cycle}/${options.cycles} killed ${kill.target} after ${kill.afterImages} images${again}; ` +
        `back in ${(result.restartMs / 1000).toFixed(1)} s; compared ${stored}`,
    );
    show(result.violations);
  }
  await system.kill('group'); // what came after the last kill has to survive one, too
  await system.start();
  const last = [...(await compareAll(run)), ...(await compareDeletedObjects(system.s3Url, run.ledger))];
  show(last);
  violations.push(...last);
  const check = await checkAtTheEnd(system.env);
  if (!check.isHealthy) console.log(check.output);
  run.objects.close();
  const count = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length;
  const exitCodes = await system.stop();
  console.log(
    JSON.stringify({
      cycles: options.cycles,
      acknowledged: acknowledgedImages + run.objects.acknowledged(),
      lost: count('lost'),
      torn: count('torn'),
      resurrected: count('resurrected'),
      acknowledgedImages,
      refused: Object.fromEntries(run.refused),
      isHealthy: check.isHealthy,
      repairs: check.repairs,
      exitCodes,
      upstream: options.upstream,
      seed: options.seed,
      seconds: Math.round((performance.now() - startedAt) / 1000),
    }),
  );
  return violations.length === 0 && check.isHealthy && acknowledgedImages > 0;
}

function show(violations: readonly Violation[]): void {
  for (const { kind, what } of violations.slice(0, shownViolations)) console.log(`  ${kind}: ${what}`);
  if (violations.length > shownViolations) console.log(`  and ${violations.length - shownViolations} more`);
}
