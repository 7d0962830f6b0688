// Bodies of requests: how they are framed, and small ones read into memory.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { KeepsakeError } from '../../shared/errors.ts';
import { createAwsChunkedDecoder } from './aws-chunked.ts';

// 1,000 keys of 1,024 bytes, each byte an entity of six; 10,000 parts with their checksums need less.
const maxBodyBytes = 8 * 1024 * 1024;

/** Reads a small body as it came. @throws KeepsakeError `IncompleteUpload`, `BadRequest` over the limit */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBodyBytes) break;
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw new KeepsakeError('IncompleteUpload', { what: 'the client went away before its body ended' }, error);
  }
  if (bytes > maxBodyBytes)
    throw new KeepsakeError('BadRequest', { what: 'the XML is too large', expected: `at most ${maxBodyBytes} bytes` });
  return Buffer.concat(chunks);
}

/** Removes the framing from a body that is in memory. */
export function decodeBody(headers: IncomingHttpHeaders, body: Buffer): Buffer {
  return isAwsChunked(headers) ? Buffer.concat(createAwsChunkedDecoder().push(body)) : body;
}

/** Whether a body is framed as `aws-chunked`. The rule is LocalStack's (services/s3/provider.py, put_object). */
export function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  const sha256 = headers['x-amz-content-sha256'];
  return (
    (typeof sha256 === 'string' && sha256.startsWith('STREAMING-')) ||
    (headers['content-encoding'] ?? '').includes('aws-chunked')
  );
}

/** Whether no header announces a framing within HTTP's own: then every emulator reads the same bytes. */
export function isPlainBody(headers: IncomingHttpHeaders): boolean {
  const framing = ['x-amz-decoded-content-length', 'x-amz-trailer', 'trailer', 'transfer-encoding'];
  return (
    !isAwsChunked(headers) &&
    Number.isSafeInteger(Number(headers['content-length'])) &&
    framing.every((name) => headers[name] === undefined)
  );
}
