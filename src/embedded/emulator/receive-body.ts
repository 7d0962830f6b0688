// Takes the body of a request: decodes aws-chunked, and computes MD5 and the checksums that the client names. Writes
// the bytes, and refuses a body that contradicts its headers or trailers.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createAwsChunkedDecoder } from '../../keeper/s3/aws-chunked.ts';
import { faults, S3Fault } from './answers.ts';
import type { BodyFile, BodyFiles, BodyWriter } from './body-files.ts';
import { type ChecksumName, isChecksumName, startChecksum } from './checksums.ts';

export interface ReceivedBody {
  readonly file: BodyFile;
  readonly md5: Buffer;
  readonly checksums: Checksums;
}

/** Base64 values by algorithm. */
export type Checksums = Readonly<Partial<Record<ChecksumName, string>>>;

/** @throws S3Fault `BadDigest`, `InvalidDigest`, `IncompleteBody`, `InvalidRequest`; then nothing is kept. */
export async function receiveBody(req: IncomingMessage, files: BodyFiles): Promise<ReceivedBody> {
  const writer = files.begin();
  let isDone = false;
  try {
    const received = await take(req, writer);
    const file = writer.finish();
    isDone = true;
    return { ...received, file };
  } finally {
    if (!isDone) writer.discard();
  }
}

async function take(
  req: IncomingMessage,
  writer: BodyWriter,
): Promise<{ readonly md5: Buffer; readonly checksums: Checksums }> {
  const chunked = isAwsChunked(req) ? createAwsChunkedDecoder() : undefined;
  const md5 = createHash('md5');
  const running = new Map(namedChecksums(req).map((name) => [name, startChecksum(name)]));
  let sizeBytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    for (const bytes of chunked ? chunked.push(chunk) : [chunk]) {
      writer.write(bytes);
      md5.update(bytes);
      for (const one of running.values()) one.update(bytes);
      sizeBytes += bytes.length;
    }
  }
  const declared = req.headers['x-amz-decoded-content-length'];
  const isCut = chunked !== undefined && !chunked.isComplete();
  if (isCut || (declared !== undefined && Number(declared) !== sizeBytes)) {
    throw new S3Fault(400, 'IncompleteBody', 'You did not provide the number of bytes specified');
  }
  const checksums = Object.fromEntries([...running].map(([name, one]) => [name, one.digest().toString('base64')]));
  assertChecksums(checksums, { ...req.headers, ...chunked?.trailers() });
  const digest = md5.digest();
  assertMd5(digest, req.headers['content-md5']);
  return { md5: digest, checksums };
}

function isAwsChunked({ headers }: IncomingMessage): boolean {
  return (
    headers['x-amz-content-sha256']?.toString().startsWith('STREAMING-') === true ||
    headers['content-encoding']?.split(',').some((one) => one.trim() === 'aws-chunked') === true
  );
}

/** The checksums a request names: in a header, as a trailer to come, or as the algorithm to use. */
export function namedChecksums({ headers }: IncomingMessage): ChecksumName[] {
  const inHeaders = Object.keys(headers).flatMap((name) => /^x-amz-checksum-(.+)$/.exec(name)?.[1] ?? []);
  const inTrailer = String(headers['x-amz-trailer'] ?? '')
    .split(',')
    .flatMap((name) => /^x-amz-checksum-(.+)$/i.exec(name.trim())?.[1] ?? []);
  const asked = [headers['x-amz-sdk-checksum-algorithm'], headers['x-amz-checksum-algorithm']].flatMap(
    (value) => value ?? [],
  );
  return [...new Set([...inHeaders, ...inTrailer, ...asked].map((name) => name.toLowerCase()).filter(isChecksumName))];
}

function assertChecksums(actual: Checksums, said: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(actual)) {
    const expected = said[`x-amz-checksum-${name}`];
    if (expected !== undefined && expected !== value) {
      throw faults.invalidRequest(`Value for x-amz-checksum-${name} header is invalid.`);
    }
  }
}

function assertMd5(actual: Buffer, said: unknown): void {
  if (typeof said !== 'string') return;
  const expected = Buffer.from(said, 'base64');
  if (expected.length !== 16) throw new S3Fault(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
  if (!expected.equals(actual)) {
    throw new S3Fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

/** A small body as text: the XML of a request. @throws S3Fault `MaxMessageLengthExceeded` */
export async function receiveText(req: IncomingMessage, limitBytes = 2 * 1024 ** 2): Promise<string> {
  const decoder = isAwsChunked(req) ? createAwsChunkedDecoder() : undefined;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new S3Fault(400, 'MaxMessageLengthExceeded', 'Your request was too large.');
    chunks.push(...(decoder ? decoder.push(chunk).map((bytes) => Buffer.from(bytes)) : [chunk]));
  }
  return Buffer.concat(chunks).toString('utf8');
}
