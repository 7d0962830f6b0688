// A case: a sentence, and the requests that show it.
import type { Door } from '../door.ts';

export interface FidelityCase {
  readonly name: string;
  /** Sends requests through the door, which records what comes back. Leaves in its bucket what a restore must keep. */
  run(door: Door): Promise<unknown>;
}

export interface Area {
  readonly name: string;
  readonly cases: readonly FidelityCase[];
}

/** A flat list of headers from an object. */
export const headersOf = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(headers).flat();
