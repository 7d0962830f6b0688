// When and what a cycle kills: a function of the seed. A seed repeats the plan, not the machine's timing.
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../model/random.ts';
import type { CrashOptions } from './options.ts';
import type { KillTarget, System } from './system.ts';

export interface Kill {
  readonly target: KillTarget;
  /** After so many images of the cycle were acknowledged, and so many milliseconds more. */
  readonly afterImages: number;
  readonly afterMs: number;
  /** Once more, so many milliseconds into the restart; undefined: only once. */
  readonly againAfterMs: number | undefined;
}

const turn: readonly KillTarget[] = ['keeper', 'localstack', 'both'];

export function planKill({ seed, kill, images }: CrashOptions, cycle: number): Kill {
  const random = randomOf(seed, 'kill', cycle);
  return {
    target: kill === 'turn' ? (turn[(cycle - 1) % turn.length] ?? 'both') : kill,
    afterImages: random.integer(0, Math.floor(images * 0.9)),
    afterMs: random.integer(0, 40),
    againAfterMs: random.oneIn(4) ? random.integer(0, 3000) : undefined,
  };
}

/** Kills as planned once that is due, and starts again; resolves with the time of the last start, when all is ready. */
export async function killAndRestart(system: System, kill: Kill, isDue: Promise<void>): Promise<number> {
  await isDue;
  await delay(kill.afterMs);
  await system.kill(kill.target);
  if (kill.againAfterMs !== undefined) {
    const starting = system.start();
    await Promise.race([starting, delay(kill.againAfterMs)]);
    await system.kill(kill.target);
    await starting;
  }
  const startedAt = performance.now();
  await system.start();
  return performance.now() - startedAt;
}
