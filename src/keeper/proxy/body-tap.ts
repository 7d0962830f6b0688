// What a request's body is, saved as it passes: decoded, counted, hashed, handed to the store. P4: chunk by chunk.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Body, ReplayHeaders, Store } from '../store/contract.ts';
import { createAwsChunkedDecoder } from './aws-chunked.ts';

/** A saved body: `md5` in hex, to hold against the ETag; `isWhole` false when its framing made no sense to us. */
export interface SavedBody {
  readonly body: Body;
  readonly md5: string;
  readonly isWhole: boolean;
  readonly trailers: ReplayHeaders;
}

export interface BodyTap {
  /** Resolves when more may come. */
  write(chunk: Buffer): Promise<void>;
  finish(): Promise<SavedBody>;
  /** Forgets what was saved, a finished body that nobody took included. */
  discard(): Promise<void>;
}

/** Taps a body for `store`. Whoever calls `finish` and commits the body must not discard it. */
export function createBodyTap(store: Store, headers: IncomingHttpHeaders): BodyTap {
  const decoder = isAwsChunked(headers) ? createAwsChunkedDecoder() : undefined;
  const expected = Number(headers[decoder ? 'x-amz-decoded-content-length' : 'content-length']);
  const writer = store.beginBody(Number.isSafeInteger(expected) ? expected : undefined);
  const hash = createHash('md5');
  let finished: Promise<SavedBody> | undefined;

  const finish = async (): Promise<SavedBody> => {
    const body = await writer.finish();
    const isWhole = decoder === undefined || decoder.isComplete();
    return { body, md5: hash.digest('hex'), isWhole, trailers: decoder?.trailers() ?? {} };
  };
  return {
    async write(chunk) {
      for (const bytes of decoder ? decoder.push(chunk) : [chunk]) {
        hash.update(bytes);
        await writer.write(bytes);
      }
    },
    finish() {
      finished ??= finish();
      return finished;
    },
    async discard() {
      const saved = await finished?.catch(() => undefined); // a writer that failed to finish is discarded as such
      await (saved ? saved.body.discard() : writer.discard());
    },
  };
}

/** A small body that is wholly there, without its framing. */
export function decodeBody(headers: IncomingHttpHeaders, body: Buffer): Buffer {
  return isAwsChunked(headers) ? Buffer.concat(createAwsChunkedDecoder().push(body)) : body;
}

// As LocalStack tells it (services/s3/provider.py, put_object).
function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  const sha256 = headers['x-amz-content-sha256'];
  return (
    (typeof sha256 === 'string' && sha256.startsWith('STREAMING-')) ||
    (headers['content-encoding'] ?? '').includes('aws-chunked')
  );
}
