// Loaded in the sandbox by every file that carries mutants, in every thread and process of a test.
// One mutant is on at a time: its number comes with the environment, or is set by the test process between two runs.
import { appendFileSync } from 'node:fs';

export const mutation: { active: number; hits: Set<number> | undefined } = {
  active: Number(process.env.MUTANT_ON ?? 0),
  hits: undefined,
};

// A child or a thread may be killed at any moment, so each hit is written at once.
const hitsFile = process.env.MUTANT_HITS;
const written = new Set<number>();

/** Whether that mutant is on; remembers that it was met. */
export function isOn(id: number): boolean {
  if (mutation.hits) mutation.hits.add(id);
  else if (hitsFile !== undefined && !written.has(id)) {
    written.add(id);
    appendFileSync(hitsFile, `${id}\n`);
  }
  return id === mutation.active;
}
