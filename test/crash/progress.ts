// The progress of a run: one line for ten cycles, with rates and the time left; the same on a terminal and in a log.
import { performance } from 'node:perf_hooks';
import type { CycleResult } from './cycle.ts';

const linesEvery = 10;

export interface Progress {
  /** Prints when a line is due. */
  cycleEnded(result: CycleResult, answered: number): void;
}

export function createProgress(cycles: number, print: (line: string) => void): Progress {
  const startedAt = performance.now();
  let done = 0;
  let last = { at: startedAt, answered: 0 };
  let down: number[] = [];
  let compareMs = 0;
  return {
    cycleEnded(result, answered) {
      done += 1;
      down.push(result.downMs);
      compareMs += result.compareMs;
      if (done % linesEvery !== 0 && done !== cycles) return;
      const now = performance.now();
      const perCycle = (now - startedAt) / done;
      print(
        `${done}/${cycles} cycles, ${seconds(perCycle)} each; ${answered} answers, ` +
          `${Math.round(((answered - last.answered) * 1000) / (now - last.at))}/s; down ${seconds(average(down))}, ` +
          `at most ${seconds(Math.max(...down))}; comparing ${seconds(compareMs / down.length)}; ` +
          `${Math.ceil((perCycle * (cycles - done)) / 60_000)} min left`,
      );
      last = { at: now, answered };
      down = [];
      compareMs = 0;
    },
  };
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
