// The head of an answer that the emulator gave, as a form to be filled in again. The values of one request (its time, its
// id) are made anew; all else stays as it came. A head with a header that is not known here is not kept, because that
// header might differ next time.
import { randomBytes, randomUUID } from 'node:crypto';
import type { ObjectRecord } from '../store/contract.ts';
import type { GivenAnswer } from '../upstream/send.ts';

/** A head that can be given again, with the bytes [start, end) of the object. */
export interface AnswerHead extends GivenAnswer {
  readonly start: number;
  readonly end: number;
  /** Where in `headers` the values are that are made anew; -1: nowhere. */
  readonly dateAt: number;
  readonly requestIdAt: number;
  /** The memory that it takes, roughly. */
  readonly sizeBytes: number;
}

// Said of the object, or the same in every answer of an emulator. x-amz-id-2 is a constant of LocalStack's. Not here, so
// never replayed: what settings decide (x-amz-expiration, x-amz-tagging-count), what time does (x-amz-restore) and what
// a key does, which may be disabled by then (the key id of SSE-KMS).
const steady = new Set([
  ...['content-type', 'content-length', 'content-range', 'content-encoding', 'content-language', 'content-disposition'],
  ...['cache-control', 'expires', 'etag', 'last-modified', 'accept-ranges', 'server', 'vary'],
  ...['x-amz-id-2', 'x-amz-storage-class', 'x-amz-website-redirect-location', 'x-amz-mp-parts-count', 'x-localstack'],
  ...['x-amz-server-side-encryption', 'x-amz-checksum-type'],
  ...['x-amz-checksum-crc32', 'x-amz-checksum-crc32c', 'x-amz-checksum-crc64nvme'],
  ...['x-amz-checksum-sha1', 'x-amz-checksum-sha256'],
]);
// Forms of an id that can be made anew: LocalStack's is a UUID, that of others 16 digits or so as on AWS.
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const upperHex = /^[\dA-F]{8,64}$/;

/** Whether a header, its name in lower case, is each answer's own: its time, its id. */
export function isMadeAnew(name: string): boolean {
  return name === 'date' || name === 'x-amz-request-id';
}

/** The head as it can be given again, or undefined when it can't: it is of another state than `record`, or tells more. */
export function keepableHead(answer: GivenAnswer, record: ObjectRecord): AnswerHead | undefined {
  const { status, statusMessage, headers } = answer;
  const said = new Map<string, number>();
  let sizeBytes = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    if (!isMadeAnew(name) && !steady.has(name) && !name.startsWith('x-amz-meta-')) return undefined;
    if (said.has(name) && !name.startsWith('x-amz-meta-')) return undefined;
    said.set(name, i + 1);
    sizeBytes += name.length + (headers[i + 1] ?? '').length;
  }
  const told = (name: string): string | undefined => headers[said.get(name) ?? -1];
  const requestIdAt = said.get('x-amz-request-id') ?? -1;
  if (requestIdAt >= 0 && newIdLike(headers[requestIdAt] ?? '') === undefined) return undefined;
  const range = rangeOf(status, told('content-range'), record.sizeBytes);
  if (range === undefined || told('content-length') !== String(range.end - range.start)) return undefined;
  if (told('etag') !== record.etag) return undefined;
  return { status, statusMessage, headers, ...range, dateAt: said.get('date') ?? -1, requestIdAt, sizeBytes };
}

/** The headers of `head` for an answer given at `now`. */
export function freshHeaders({ headers, dateAt, requestIdAt }: AnswerHead, now: Date): string[] {
  const fresh = [...headers];
  if (dateAt >= 0) fresh[dateAt] = now.toUTCString();
  if (requestIdAt >= 0) fresh[requestIdAt] = newIdLike(headers[requestIdAt] ?? '') ?? '';
  return fresh;
}

function newIdLike(id: string): string | undefined {
  if (uuid.test(id)) return randomUUID();
  if (upperHex.test(id)) return randomBytes(id.length).toString('hex').slice(0, id.length).toUpperCase();
  return undefined;
}

function rangeOf(
  status: number,
  contentRange: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | undefined {
  if (status === 200 && contentRange === undefined) return { start: 0, end: sizeBytes };
  const match = status === 206 ? /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '') : null;
  if (match === null || Number(match[3]) !== sizeBytes) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2]) + 1];
  return start < end && end <= sizeBytes ? { start, end } : undefined;
}
