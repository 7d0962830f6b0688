// Randomness that can be replayed: a stream of numbers is a function of its seed and its labels alone, whatever ran
// before it. So clients that race each other still do what the seed says.
import { createHash } from 'node:crypto';

export interface Random {
  /** From 0 (included) to 1 (not included). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** Undefined when the list is empty. */
  pick<T>(list: readonly T[]): T | undefined;
  /** True once in `times`, on average. */
  oneIn(times: number): boolean;
}

/** The stream named by the seed and the labels. */
export function randomOf(seed: number, ...labels: readonly (string | number)[]): Random {
  const next = sfc32(
    createHash('sha256')
      .update([seed, ...labels].join('/'))
      .digest(),
  );
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    oneIn: (times) => next() * times < 1,
    pick: (list) => list[integer(0, list.length - 1)],
  };
}

// sfc32 of PractRand (Chris Doty-Humphrey): 32-bit arithmetic only, passes its own tests; seeded with 128 bits.
function sfc32(seed: Buffer): () => number {
  let [a, b, c, counter] = [seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8), seed.readInt32LE(12)];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
}
