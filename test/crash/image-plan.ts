// Which images a cycle sends: a function of the seed. Sizes are a bounded Pareto distribution, as those of real files
// are. Half are under 4 KiB, one in 30 is over 1 MiB, about one in 200 is the largest, 50 MiB; the average is 0.45 MiB.
import { createHash } from 'node:crypto';
import type { ImageType } from '../../src/shared/image.ts';
import { type Random, randomOf } from '../model/random.ts';
import { allImageTypes, paddedImage } from '../support/images.ts';

export interface PlannedImage {
  readonly title: string;
  readonly type: ImageType;
  readonly sizeBytes: number;
  /** Its bytes follow from it; no other image has it. */
  readonly seed: number;
}

const smallestBytes = 1024;
const largestBytes = 50 * 1024 * 1024;
/** Text that has to be scanned: nobody sends one of 50 MiB. */
const largestSvgBytes = 4 * 1024 * 1024;

export function planImages(seed: number, cycle: number, count: number): PlannedImage[] {
  return Array.from({ length: count }, (_, index) => {
    const random = randomOf(seed, 'image', cycle, index);
    const type = random.pick(allImageTypes) ?? 'image/png';
    const sizeBytes = Math.min(paretoSize(random), type === 'image/svg+xml' ? largestSvgBytes : largestBytes);
    return { title: `crash ${seed} ${cycle} ${index}`, type, sizeBytes, seed: cycle * 1e6 + index };
  });
}

// Shape ½: the probability of more than x bytes is √(smallest / x).
function paretoSize(random: Random): number {
  return Math.floor(Math.min(smallestBytes / (1 - random.next()) ** 2, largestBytes));
}

/** The bytes of a planned image and their SHA-256, made again each time: nobody keeps them. */
export function bodyOf({ type, sizeBytes, seed }: PlannedImage): { readonly bytes: Buffer; readonly sha256: string } {
  const bytes = paddedImage(type, sizeBytes, seed);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
