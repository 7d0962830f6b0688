// One cycle: load, a kill in the middle of it, a start while clients go on, and when they are done the comparison of all
// that was ever acknowledged with what is served.
import type { ImageLedger, Violation } from '../model/image-ledger.ts';
import { compareImages } from './compare-images.ts';
import type { ImageApi } from './image-api.ts';
import { sendImages } from './image-load.ts';
import { planImages } from './image-plan.ts';
import { type Kill, killAndRestart } from './kill.ts';
import type { ObjectLoad } from './object-load.ts';
import type { CrashOptions } from './options.ts';
import type { System } from './system.ts';

/** What all cycles share. */
export interface Run {
  readonly options: CrashOptions;
  readonly system: System;
  readonly api: ImageApi;
  readonly ledger: ImageLedger;
  readonly objects: ObjectLoad;
  /** How often each answer came that was neither success nor a broken connection, such as `POST 503`. */
  readonly refused: Map<string, number>;
}

export interface CycleResult {
  readonly acknowledgedImages: number;
  readonly restartMs: number;
  readonly violations: readonly Violation[];
}

export async function runCycle(run: Run, cycle: number, kill: Kill): Promise<CycleResult> {
  const { options, system, api, ledger, objects } = run;
  const violations: Violation[] = [];
  const due = Promise.withResolvers<void>();
  let acknowledgedImages = 0;
  let underWay = 2;
  const ended = () => {
    underWay -= 1;
  };
  if (kill.afterImages === 0) due.resolve();
  const load = {
    ...options,
    api,
    ledger,
    onAcknowledged: () => {
      acknowledgedImages += 1;
      if (acknowledgedImages === kill.afterImages) due.resolve();
    },
    onViolation: (violation: Violation) => violations.push(violation),
    onRefused: (answer: string) => run.refused.set(answer, (run.refused.get(answer) ?? 0) + 1),
  };
  const [restartMs] = await Promise.all([
    killAndRestart(system, kill, due.promise).finally(ended),
    sendImages(load, planImages(options.seed, cycle, options.images))
      .finally(due.resolve)
      .finally(ended),
    objects.run(cycle, () => underWay === 0),
  ]);
  violations.push(...(await compareAll(run)));
  return { acknowledgedImages, restartMs, violations };
}

/** All that was ever acknowledged against what is served now, while no client does anything. */
export async function compareAll({ api, ledger, objects }: Run): Promise<Violation[]> {
  return [...(await compareImages(api, ledger)), ...(await objects.compare())];
}
