// Carries out a planned fault on the running system.
import { setTimeout as delay } from 'node:timers/promises';
import { assertNever } from '../../src/shared/errors.ts';
import type { Fault, Step } from './fault-plan.ts';
import type { System } from './system.ts';

/** Resolves when all steps are done: the system serves clients again. Gives what was wrong with an orderly end. */
export async function inject(system: System, { steps }: Fault): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const step of steps) {
    const fault = await carryOut(system, step);
    if (fault !== undefined) wrong.push(fault);
  }
  return wrong;
}

async function carryOut(system: System, step: Step): Promise<string | undefined> {
  switch (step.kind) {
    case 'kill':
      return void (await system.kill(step.target));
    case 'hang':
      return void (await system.hang(step.target));
    case 'resume':
      return void (await system.resume(step.target));
    case 'terminate': {
      const failed = Object.entries(await system.terminate(step.target)).filter(([, code]) => code !== 0);
      return failed.length === 0 ? undefined : `SIGTERM ended ${failed.map(([name, code]) => `${name} with ${code}`)}`;
    }
    case 'wait':
      return void (await delay(step.ms));
    case 'cut-power':
      return void system.cutPower(step.seed);
    case 'disk':
      return void system.failDisk(step.fault);
    case 'start-localstack':
      return void (await system.startLocalStack());
    case 'start': {
      if (step.ms === undefined) return void (await system.start());
      // It goes on starting while the next step comes: that is a kill, which lets go of it.
      const starting = system.start();
      starting.catch(() => {});
      return void (await Promise.race([starting, delay(step.ms)]));
    }
    default:
      return assertNever(step);
  }
}
