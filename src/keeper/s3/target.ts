// Which bucket and key a raw request names: the URL is read as it came, never normalised, for S3 allows any key
// (`a/../b`, `//`, `%2F`). Where the emulator would read a request otherwise than we, we must follow the emulator.

/**
 * How an emulator reads a bucket out of the Host header; a keeper that reads it otherwise would save the wrong thing.
 * `path-only`: not known, so it gets path style (path-style.ts).
 */
export type HostStyle = 'before-s3' | 'first-label' | 'path-only';

/** An object's name. */
export interface KeyName {
  readonly bucket: string;
  readonly key: string;
}

/** The bucket and key that a request names, decoded; '' when there is none. */
export interface Target extends KeyName {
  /** Raw path without the query. */
  readonly path: string;
  /** Raw query without its '?'. */
  readonly rawQuery: string;
  /** Query names, decoded, with their decoded values; undefined when there is no query. */
  readonly query: ReadonlyMap<string, string> | undefined;
}

/** The target of a request, or undefined when its path is no percent-encoded UTF-8, or not in origin form. */
export function parseTarget(rawUrl: string, host: string, hostStyle: HostStyle): Target | undefined {
  if (rawUrl.charCodeAt(0) !== slash) return undefined;
  const mark = rawUrl.indexOf('?');
  const path = mark < 0 ? rawUrl : rawUrl.slice(0, mark);
  const rawQuery = mark < 0 ? '' : rawUrl.slice(mark + 1);
  const query = rawQuery === '' ? undefined : parseQuery(rawQuery);
  const hostBucket = bucketOfHost(host, hostStyle);
  if (hostBucket !== undefined) {
    const key = decodePath(path.slice(1));
    return key === undefined ? undefined : { bucket: hostBucket, key, path, rawQuery, query };
  }
  const end = path.indexOf('/', 1);
  const bucket = decodePath(end < 0 ? path.slice(1) : path.slice(1, end));
  const key = end < 0 ? '' : decodePath(path.slice(end + 1));
  return bucket === undefined || key === undefined ? undefined : { bucket, key, path, rawQuery, query };
}

/** Whether the bucket stands in the Host header as in S3's own addresses: then each path is a key. */
export function hasBucketInHost(host: string): boolean {
  return bucketOfHost(host, 'before-s3') !== undefined;
}

const slash = 47;

/** The raw path-style URL of a bucket or key, percent-encoded; dots are kept as they are. */
export function pathOf(bucket: string, key = '', query = ''): string {
  const keyPath = key === '' ? '' : `/${key.split('/').map(encodeURIComponent).join('/')}`;
  return `/${encodeURIComponent(bucket)}${keyPath}${query === '' ? '' : `?${query}`}`;
}

/** The bucket that stands in a Host header, read in that style. */
export function bucketOfHost(host: string, style: HostStyle): string | undefined {
  switch (style) {
    case 'path-only':
      return undefined;
    case 'before-s3':
      // LocalStack 4.14, services/s3/utils.py: the greedy `(.*).s3.…`, tried when the host holds `.s3.`.
      return host.includes('.s3.') ? /^(.*).s3\..*/.exec(host)?.[1] || undefined : undefined;
    case 'first-label': {
      // fauxqs, app.ts: any host name with a dot that is no IPv4 address.
      const name = host.split(':')[0] ?? '';
      return name.includes('.') && !/^\d+\.\d+\.\d+\.\d+$/.test(name) ? name.slice(0, name.indexOf('.')) : undefined;
    }
  }
}

// Node gives the URL's bytes as Latin-1; a raw byte above 0x7F is decoded as part of UTF-8, as emulators do.
function decodePath(raw: string): string | undefined {
  if (!/[%\x80-\xff]/.test(raw)) return raw;
  try {
    return decodeURIComponent(raw.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`));
  } catch {
    return undefined;
  }
}

function parseQuery(rawQuery: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeQuery(equals < 0 ? pair : pair.slice(0, equals));
    if (!query.has(name)) query.set(name, equals < 0 ? '' : decodeQuery(pair.slice(equals + 1)));
  }
  return query;
}

function decodeQuery(raw: string): string {
  return decodePath(raw.replaceAll('+', ' ')) ?? raw;
}
