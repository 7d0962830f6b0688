// What a request's body is, saved as it passes: decoded, counted, hashed, handed to the store. P4: chunk by chunk.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createAwsChunkedDecoder } from '../s3/aws-chunked.ts';
import type { Body, ReplayHeaders, Store } from '../store/contract.ts';

/**
 * A saved body. `md5` in hex, to hold against the ETag where what was passed had to be decoded to be saved; undefined where
 * it is byte for byte what was passed. `isWhole` false when it is not all, or its framing made no sense to us.
 */
export interface SavedBody {
  readonly body: Body;
  readonly md5: string | undefined;
  readonly isWhole: boolean;
  readonly trailers: ReplayHeaders;
}

export interface BodyTap {
  /** More may come when what it gives resolves; undefined: at once. */
  write(chunk: Buffer): Promise<void> | undefined;
  finish(): Promise<SavedBody>;
  /** Forgets what was saved, a finished body that nobody took included. */
  discard(): Promise<void>;
}

/** Taps a body for `store`. Whoever calls `finish` and commits the body must not discard it. */
export function createBodyTap(store: Store, headers: IncomingHttpHeaders): BodyTap {
  const decoder = isAwsChunked(headers) ? createAwsChunkedDecoder() : undefined;
  const expected = Number(headers[decoder ? 'x-amz-decoded-content-length' : 'content-length']);
  const writer = store.beginBody(Number.isSafeInteger(expected) ? expected : undefined);
  const isPlain = isPlainBody(headers);
  const hash = isPlain ? undefined : createHash('md5'); // it costs more than all else that is done with a large body
  let finished: Promise<SavedBody> | undefined;

  const finish = async (): Promise<SavedBody> => {
    const body = await writer.finish();
    const isWhole = decoder === undefined ? !isPlain || body.sizeBytes === expected : decoder.isComplete();
    return { body, md5: hash?.digest('hex'), isWhole, trailers: decoder?.trailers() ?? {} };
  };
  return {
    write(chunk) {
      let taken: Promise<void> | undefined;
      for (const bytes of decoder ? decoder.push(chunk) : [chunk]) {
        hash?.update(bytes);
        // One chunk has no more than a socket gives: what waits for the disk is one step at a time all the same.
        const next = writer.write(bytes);
        taken = next ?? taken;
      }
      return taken;
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

// No header says that the body is framed within HTTP's own framing: an emulator can't read it otherwise than as it is.
function isPlainBody(headers: IncomingHttpHeaders): boolean {
  const framing = ['x-amz-decoded-content-length', 'x-amz-trailer', 'trailer', 'transfer-encoding'];
  return (
    !isAwsChunked(headers) &&
    Number.isSafeInteger(Number(headers['content-length'])) &&
    framing.every((name) => headers[name] === undefined)
  );
}
