// The next action of a client of the object load: a function of its randomness. Half of it goes to a few hot keys that
// all clients write at once; the shapes of some break careless proxies.
import type { Random } from '../model/random.ts';
import { anyParts, anySize } from './object-bodies.ts';

export type Setting = 'cors' | 'tagging';

/** One request, or the few of a multipart upload. Changes take an id of their own from the load. */
export type Action =
  | { readonly kind: 'put'; readonly key: string; readonly sizeBytes: number; readonly ifAbsent: boolean }
  /** With an MD5 that is not that of its body: refused, and nothing may come of it. */
  | { readonly kind: 'put-wrong'; readonly key: string; readonly sizeBytes: number }
  | {
      readonly kind: 'multipart';
      readonly key: string;
      readonly partSizes: readonly number[];
      readonly isAborted: boolean;
    }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete-many'; readonly keys: readonly string[] }
  /** With metadata and tags of its own; `from` may be `key` itself. */
  | { readonly kind: 'copy'; readonly from: string; readonly key: string }
  /** All as it is at the source, which never changes; `ifAbsent`: only where nothing is there. */
  | { readonly kind: 'copy-as-it-is'; readonly from: string; readonly key: string; readonly ifAbsent: boolean }
  | { readonly kind: 'tag' | 'untag'; readonly key: string }
  | { readonly kind: 'set' | 'unset' | 'read-setting'; readonly setting: Setting }
  | { readonly kind: 'get' | 'head' | 'read-tags'; readonly key: string }
  | { readonly kind: 'if-match' | 'if-none-match'; readonly key: string }
  | { readonly kind: 'range'; readonly key: string; readonly fromByte: number }
  | { readonly kind: 'list'; readonly pageSize: number };

export const hotKeys = ['hot', 'hot/two', 'slash//slash', 'trailing/', 'ü/☃/🐈', 'plus+space and%2f'];
export const coldKeys = Array.from({ length: 60 }, (_, index) => `cold/${index}`);
/** Seldom changed: what is not touched for long has to stay, too. */
export const stillKeys = Array.from({ length: 120 }, (_, index) => `still/${index}`);
/** Written once at the start. */
export const fixedKeys = Array.from({ length: 4 }, (_, index) => `fixed/${index}`);
export const settings: readonly Setting[] = ['cors', 'tagging'];

const weights: readonly (readonly [Action['kind'], number])[] = [
  ['put', 30],
  ['put-wrong', 2],
  ['multipart', 5],
  ['delete', 6],
  ['delete-many', 4],
  ['copy', 6],
  ['copy-as-it-is', 3],
  ['tag', 5],
  ['untag', 2],
  ['set', 1],
  ['unset', 1],
  ['read-setting', 1],
  ['get', 16],
  ['head', 6],
  ['range', 4],
  ['read-tags', 4],
  ['if-match', 3],
  ['if-none-match', 3],
  ['list', 2],
];

export function planAction(random: Random): Action {
  const kind = weighted(random, weights);
  const key = anyKey(random);
  switch (kind) {
    case 'put':
      return { kind, key, sizeBytes: anySize(random), ifAbsent: random.oneIn(10) };
    case 'put-wrong':
      return { kind, key, sizeBytes: anySize(random) };
    case 'multipart':
      return { kind, key, partSizes: anyParts(random), isAborted: random.oneIn(6) };
    case 'delete-many':
      return { kind, keys: [...new Set(Array.from({ length: random.integer(2, 6) }, () => anyKey(random)))] };
    case 'copy':
      return { kind, from: random.oneIn(2) ? key : anyKey(random), key };
    case 'copy-as-it-is':
      return { kind, from: random.pick(fixedKeys) ?? '', key, ifAbsent: random.oneIn(3) };
    case 'set':
    case 'unset':
    case 'read-setting':
      return { kind, setting: random.pick(settings) ?? 'cors' };
    case 'range':
      return { kind, key, fromByte: random.integer(0, 99) };
    case 'list':
      return { kind, pageSize: random.integer(20, 1000) };
    default:
      return { kind, key };
  }
}

/** A read of one key, for a client that waits until it is answered again. */
export function planProbe(random: Random): Action {
  return { kind: random.oneIn(4) ? 'head' : 'get', key: anyKey(random) };
}

function anyKey(random: Random): string {
  const drawn = random.next();
  return random.pick(drawn < 0.5 ? hotKeys : drawn < 0.95 ? coldKeys : stillKeys) ?? 'hot';
}

/** One of the choices, as often as its weight says. */
export function weighted<T>(random: Random, choices: readonly (readonly [T, number])[]): T {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [choice, weight] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('there is nothing to choose from');
}
