// One cycle: load, a fault in the middle of it, and clients that go on meanwhile and a little longer. Then the changed
// keys, at times all, are compared with what can be there.
import type { ImageLedger, Violation } from '../model/image-ledger.ts';
import { compareImages } from './compare-images.ts';
import type { PlannedFault } from './fault-plan.ts';
import type { ImageApi } from './image-api.ts';
import { sendImages } from './image-load.ts';
import { planImages } from './image-plan.ts';
import { inject } from './inject.ts';
import type { ObjectLoad } from './object-load.ts';
import type { CrashOptions } from './options.ts';
import type { System } from './system.ts';

/** The parts that all cycles share. */
export interface Run {
  readonly options: CrashOptions;
  readonly system: System;
  readonly api: ImageApi;
  readonly ledger: ImageLedger;
  readonly objects: ObjectLoad;
  /** How often each answer to an image's request came that was neither success nor a broken connection: `POST 503`. */
  readonly refused: Map<string, number>;
}

export interface CycleResult {
  readonly acknowledgedImages: number;
  /** From the fault until clients were served again. */
  readonly downMs: number;
  readonly compareMs: number;
  readonly violations: readonly Violation[];
  /** Other faults: an end that was not orderly. */
  readonly wrong: readonly string[];
}

/** How often a cycle compares all keys, not only those that were changed. */
const wholeEvery = 25;

export async function runCycle(run: Run, cycle: number, fault: PlannedFault): Promise<CycleResult> {
  const { options, system, objects } = run;
  const violations: Violation[] = [];
  const answers = createCounter();
  const hasImages = options.images > 0 && (cycle - 1) % options.imagesEvery === 0;
  let downMs = 0;
  let isOver = false;
  let acknowledgedImages = 0;
  const fail = async (): Promise<readonly string[]> => {
    await answers.reach(fault.afterAnswers, fault.afterMs);
    objects.ledger.note(`cycle ${cycle}: ${fault.name} ${JSON.stringify(fault.steps)}`);
    const startedAt = performance.now();
    const wrong = await inject(system, fault);
    downMs = performance.now() - startedAt;
    objects.ledger.note(`cycle ${cycle}: the system is back`);
    await answers.reach(answers.count() + fault.answersAfter, 0);
    return wrong;
  };
  const sendPlanned = async (): Promise<void> => {
    if (!hasImages) return;
    const { api, ledger, refused } = run;
    await sendImages(
      {
        ...options,
        api,
        ledger,
        onAcknowledged() {
          acknowledgedImages += 1;
          answers.add();
        },
        onViolation: (violation) => violations.push(violation),
        onRefused: (answer) => refused.set(answer, (refused.get(answer) ?? 0) + 1),
      },
      planImages(options.seed, cycle, options.images),
    );
  };
  const [wrong] = await Promise.all([
    Promise.all([fail(), sendPlanned()])
      .then(([found]) => found)
      .finally(() => {
        isOver = true;
      }),
    objects.run(cycle, { isOver: () => isOver, onAcknowledged: answers.add }),
  ]);
  const comparedAt = performance.now();
  await objects.compare(cycle % wholeEvery === 0 ? 'all' : 'changed');
  if (hasImages) violations.push(...(await compareImages(run.api, run.ledger)));
  return { acknowledgedImages, downMs, compareMs: performance.now() - comparedAt, violations, wrong };
}

/** All that was ever acknowledged against what is served now, while no client does anything. */
export async function compareAll({ options, api, ledger, objects }: Run): Promise<readonly Violation[]> {
  await objects.compare('all');
  return options.images > 0 ? compareImages(api, ledger) : [];
}

function createCounter() {
  let count = 0;
  let goal = Number.POSITIVE_INFINITY;
  let reached = () => {};
  return {
    count: () => count,
    add() {
      count += 1;
      if (count >= goal) reached();
    },
    /** Resolves so many milliseconds after the count is there. */
    async reach(wanted: number, afterMs: number): Promise<void> {
      if (count < wanted) {
        await new Promise<void>((resolve) => {
          goal = wanted;
          reached = resolve;
        });
        goal = Number.POSITIVE_INFINITY;
      }
      await new Promise((resolve) => setTimeout(resolve, afterMs));
    },
  };
}
