// Preconditions and ranges of HTTP (RFC 9110, 13 and 14) as S3 applies them. Pure.
import type { IncomingHttpHeaders } from 'node:http';
import { faults, S3Fault } from './answers.ts';

interface Represented {
  readonly etag: string;
  readonly lastModified: Date;
}

/** Whether a read goes on; `not-modified` is a 304. @throws S3Fault `PreconditionFailed` */
export function checkRead(headers: IncomingHttpHeaders, object: Represented): 'go-on' | 'not-modified' {
  const modifiedMs = Math.floor(object.lastModified.getTime() / 1000) * 1000;
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  const modifiedSince = Date.parse(headers['if-modified-since'] ?? '');
  if (match !== undefined ? !namesEtag(match, object.etag) : modifiedMs > unmodifiedSince) {
    throw faults.preconditionFailed();
  }
  if (noneMatch !== undefined) return namesEtag(noneMatch, object.etag) ? 'not-modified' : 'go-on';
  return modifiedMs <= modifiedSince ? 'not-modified' : 'go-on';
}

/** @throws S3Fault `PreconditionFailed`, `NoSuchKey` */
export function checkWrite(headers: IncomingHttpHeaders, present: Represented | undefined): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch === '*' && present) throw faults.preconditionFailed();
  if (match === undefined) return;
  if (!present) throw faults.noSuchKey();
  if (!namesEtag(match, present.etag)) throw faults.preconditionFailed();
}

/** Conditions on the source of a copy. @throws S3Fault `PreconditionFailed` */
export function checkCopySource(headers: IncomingHttpHeaders, source: Represented): void {
  const at = (name: string): string | undefined => headers[`x-amz-copy-source-if-${name}`]?.toString();
  const conditions: IncomingHttpHeaders = {
    'if-match': at('match'),
    'if-none-match': at('none-match'),
    'if-modified-since': at('modified-since'),
    'if-unmodified-since': at('unmodified-since'),
  };
  if (checkRead(conditions, source) === 'not-modified') throw faults.preconditionFailed();
}

function namesEtag(header: string, etag: string): boolean {
  const bare = etag.replaceAll('"', '');
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replaceAll('"', '') === bare);
}

/** A part [start, end) of a body. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The range a header asks for; undefined when it asks for none that we know. @throws S3Fault `InvalidRange` */
export function parseRange(header: string | undefined, sizeBytes: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start >= sizeBytes || start >= end) {
    throw new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable');
  }
  return { start, end };
}
