// Compare, first half: two ordered streams merged into pairs by key. Pure: no IO, no clock, memory of one pair.
import { KeepsakeError } from '../../shared/errors.ts';
import type { ImageRow } from '../../shared/image.ts';
import { compareKeys } from '../../shared/key-order.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';

/** The object, the row, or both that stand under one key. Never neither. */
export interface Pair {
  readonly key: string;
  readonly object: ListedObject | null;
  readonly row: ImageRow | null;
}

/** The bytes that a pair stands for: the object's, or the row's where the object is gone. */
export function sizeOf({ object, row }: Pair): number {
  return object?.sizeBytes ?? row?.sizeBytes ?? 0;
}

/**
 * Merges objects and rows, each in key order, into one stream in key order. The rows are asked first (row-snapshot.ts says
 * why); both are closed when the consumer stops or one of them throws.
 * @throws KeepsakeError `ListingUnordered` when a side repeats a key or goes back: nothing can be proven from it.
 */
export async function* pairUp(
  objects: AsyncIterable<ListedObject>,
  rows: AsyncIterable<ImageRow>,
): AsyncGenerator<Pair, void, void> {
  const right = ordered(rows, 'the rows of Postgres');
  const left = ordered(objects, 'the listing of S3');
  try {
    let row = await nextOf(right);
    let object = await nextOf(left);
    while (object !== null || row !== null) {
      const order = object === null ? 1 : row === null ? -1 : compareKeys(object.key, row.key);
      const pair = pairOf(order <= 0 ? object : null, order >= 0 ? row : null);
      if (order <= 0) object = await nextOf(left);
      if (order >= 0) row = await nextOf(right);
      yield pair;
    }
  } finally {
    await Promise.allSettled([left.return(), right.return()]);
  }
}

function pairOf(object: ListedObject | null, row: ImageRow | null): Pair {
  return { key: object?.key ?? row?.key ?? '', object, row };
}

async function nextOf<T>(stream: AsyncGenerator<T, void, void>): Promise<T | null> {
  const step = await stream.next();
  return step.done ? null : step.value;
}

async function* ordered<T extends { readonly key: string }>(
  stream: AsyncIterable<T>,
  name: string,
): AsyncGenerator<T, void, void> {
  let previous: string | null = null;
  for await (const entry of stream) {
    if (previous !== null && compareKeys(previous, entry.key) >= 0)
      throw new KeepsakeError('ListingUnordered', {
        what: `${name} came out of key order`,
        expected: `a key after ${JSON.stringify(previous)}`,
        got: JSON.stringify(entry.key),
        remedy: 'Nothing can be proven from it; use a server that sorts by UTF-8 bytes.',
      });
    previous = entry.key;
    yield entry;
  }
}
