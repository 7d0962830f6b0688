// One request as a client sees it, as lines of text that can be compared. The parts that must differ between two doors
// (ids, dates, names of hosts and buckets) stand in angle brackets; all else is as it came.
import { createHash } from 'node:crypto';

/** An answer as it came over the wire. `headers`: a flat list. */
export interface Answer {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The names that have to be alike at both doors. */
export interface DoorNames {
  readonly host: string;
  readonly bucket: string;
}

// Text that is longer is compared by its hash, when names and dates are out of it.
const readBytes = 1024 * 1024;
const shownChars = 4_000;
// RFC 9110, 7.6.1: headers of one connection, and the clock.
const notCompared = new Set(['date', 'connection', 'keep-alive']);

/** One exchange as text: what was asked, the status, the headers in their order, the body. */
export function showExchange(asked: string, answer: Answer, names: DoorNames): string {
  const lines = [`${asked} → ${answer.status} ${answer.statusMessage}`.trimEnd()];
  for (let i = 0; i + 1 < answer.headers.length; i += 2) {
    const [name = '', value = ''] = answer.headers.slice(i, i + 2);
    const lower = name.toLowerCase();
    if (!notCompared.has(lower)) lines.push(`${name}: ${headerValue(lower, value, answer.body)}`);
  }
  if (answer.body.length > 0) lines.push('', showBytes(answer.body, names));
  return normalise(lines.join('\n'), names);
}

/** Text with what must differ taken out. The keeper's own request id stays: it tells who answered. */
export function normalise(text: string, { host, bucket }: DoorNames): string {
  return text
    .replaceAll(bucket, '<bucket>')
    .replaceAll(host, '<host>')
    .replace(/(<(HostId|UploadId|UploadIdMarker|NextUploadIdMarker)>)[^<]+/g, '$1<id>')
    .replace(/(<RequestId>)(?!keepsake<)[^<]+/g, '$1<id>')
    .replace(/(uploadId|upload-id-marker)=(?!nobody)[\w.%-]+/gi, '$1=<id>')
    .replace(/((?:X-Amz-)?(?:Signature|Date|Expires))=[\w%-]+/g, '$1=<signed>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, '<date>')
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, '<date>');
}

/** Bytes as text, normalised, where they are readable; by their hash where they are not, or long. */
function showBytes(bytes: Uint8Array, names: DoorNames): string {
  const text = Buffer.from(bytes).toString();
  const isText = bytes.length <= readBytes && Buffer.from(text).equals(bytes);
  const shown = isText ? normalise(text, names) : '';
  return isText && shown.length <= shownChars
    ? shown
    : `${bytes.length} bytes, sha256 ${sha256(isText ? shown : bytes)}`;
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

function headerValue(name: string, value: string, body: Buffer): string {
  if (/^(x-amz-request-id|x-amz-id-2|x-amzn-requestid)$/.test(name)) return '<id>';
  // A name of another length makes a body of another length: what counts is that it is true.
  if (name === 'content-length' && body.length > 0 && Number(value) === body.length) return 'that of the body';
  return value;
}
