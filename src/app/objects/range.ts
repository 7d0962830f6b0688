// Range and conditional requests, decided from what the row says (RFC 9110, 13 and 14), so that every S3 gives the same.

/** The answer: the whole, a part (`end` included), or that the range lies outside. */
export type Wanted =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'outside' };

/** One range of bytes. Several ranges, other units and what is malformed are ignored, as RFC 9110, 14.2 allows. */
export function parseRange(header: string | undefined, sizeBytes: number): Wanted {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: 'outside' } : { kind: 'part', start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= sizeBytes ? { kind: 'outside' } : { kind: 'part', start, end };
}

export interface Validators {
  /** Strong, with quotes. */
  readonly etag: string;
  /** Whole seconds, as HTTP dates are. */
  readonly lastModified: Date;
}

interface Conditions {
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-range'?: string | string[] | undefined;
  readonly range?: string | undefined;
}

/** Whether the client's copy is still right: then 304. If-None-Match overrules If-Modified-Since. */
export function isUnchanged(headers: Conditions, { etag, lastModified }: Validators): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined)
    return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  return Date.parse(headers['if-modified-since'] ?? '') >= lastModified.getTime();
}

/** The range that applies: none when If-Range names another version. */
export function applicableRange(headers: Conditions, validators: Validators): string | undefined {
  const condition = headers['if-range']?.toString();
  if (condition === undefined || condition === validators.etag) return headers.range;
  return Date.parse(condition) === validators.lastModified.getTime() ? headers.range : undefined;
}
