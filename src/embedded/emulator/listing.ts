// One page of a listing, pure: keys in S3's order, common prefixes rolled up, where the next page begins.
import { compareKeys } from '../../shared/key-order.ts';
import { firstNotBefore } from './state.ts';

export interface PageOptions {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only what comes after it, key or common prefix. '' from the beginning. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface ListingPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** The last key or common prefix of the page: the next one comes after it. */
  readonly last: string;
}

/** `keys`: all of the bucket, sorted. */
export function listPage(keys: readonly string[], { prefix, delimiter, after, maxKeys }: PageOptions): ListingPage {
  const page: string[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  const from = firstNotBefore(keys, compareKeys(prefix, after) > 0 ? prefix : after);
  for (let at = from; at < keys.length; at++) {
    const key = keys[at] ?? '';
    if (!key.startsWith(prefix)) break;
    if (key === after) continue;
    const rolled = rollUp(key, prefix, delimiter);
    const isSeen = rolled !== undefined && (rolled === last || (after !== '' && compareKeys(rolled, after) <= 0));
    if (isSeen) continue;
    if (page.length + commonPrefixes.length === maxKeys)
      return { keys: page, commonPrefixes, isTruncated: maxKeys > 0, last };
    if (rolled === undefined) page.push(key);
    else commonPrefixes.push(rolled);
    last = rolled ?? key;
  }
  return { keys: page, commonPrefixes, isTruncated: false, last };
}

function rollUp(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
