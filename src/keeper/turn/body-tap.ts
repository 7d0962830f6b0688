// Saves a request's body as it passes: decoded, counted, hashed, handed to the store. P4: chunk by chunk.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createAwsChunkedDecoder } from '../s3/aws-chunked.ts';
import { isAwsChunked, isPlainBody } from '../s3/bodies.ts';
import type { ReplayHeaders } from '../s3/headers.ts';
import type { Body, Store } from '../store/contract.ts';

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

/** Taps a body for `store`. A caller that calls `finish` and commits the body must not discard it. */
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
