// Bytes that the object load sends: each body follows from its id and is made again when it is needed. An ETag leads
// back to the body, so that what a copy took is known from its answer.
import { createCipheriv, createHash } from 'node:crypto';
import type { Random } from '../model/random.ts';

export interface Body {
  readonly id: string;
  /** One is put at once, several are the parts of a multipart upload. */
  readonly partSizes: readonly number[];
  readonly sizeBytes: number;
  readonly sha256: string;
  /** With quotes, as the write that sends it is answered. */
  readonly etag: string;
}

export interface Bodies {
  /** Plans a body; its bytes are made once, to know their digests. */
  make(id: string, partSizes: readonly number[], isMultipart: boolean): Body;
  /** The body that an object of this ETag has. */
  byEtag(etag: string): Body | undefined;
}

/** The smallest that S3 takes for a part that is not the last. */
export const smallestPartBytes = 5 * 1024 * 1024;

export function createBodies(): Bodies {
  const known = new Map<string, Body>();
  return {
    make(id, partSizes, isMultipart) {
      const parts = partsOf({ id, partSizes });
      const whole = Buffer.concat(parts);
      const md5 = `"${digest('md5', whole).toString('hex')}"`;
      const etag = isMultipart ? multipartEtag(parts) : md5;
      const body = { id, partSizes, sizeBytes: whole.length, sha256: digest('sha256', whole).toString('hex'), etag };
      known.set(etag, body);
      known.set(md5, body); // of a copy of it, which is put at once
      return body;
    },
    byEtag: (etag) => known.get(etag),
  };
}

/** The bytes of each part. */
export function partsOf({ id, partSizes }: Pick<Body, 'id' | 'partSizes'>): readonly Buffer[] {
  return partSizes.map((sizeBytes, index) => {
    const key = digest('md5', `${id} ${index}`);
    return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
  });
}

export function bytesOf(body: Pick<Body, 'id' | 'partSizes'>): Buffer {
  return Buffer.concat(partsOf(body));
}

/** Mostly small, one in 12 beyond the store's inline size. */
export function anySize(random: Random): number {
  if (random.oneIn(40)) return 0;
  return random.oneIn(12) ? random.integer(64, 512) * 1024 : random.integer(1, 8192);
}

/** One small part, or seldom a large one and a small end. */
export function anyParts(random: Random): readonly number[] {
  return random.oneIn(8) ? [smallestPartBytes, random.integer(1, 100_000)] : [random.integer(1, 200_000)];
}

export function sha256Of(bytes: Uint8Array): string {
  return digest('sha256', bytes).toString('hex');
}

function digest(algorithm: string, bytes: Uint8Array | string): Buffer {
  return createHash(algorithm).update(bytes).digest();
}

// Source: the ETag of a multipart upload is the MD5 of its parts' MD5s and their number (S3 user guide, "Checking object integrity").
function multipartEtag(parts: readonly Buffer[]): string {
  const digests = parts.map((part) => digest('md5', part));
  return `"${digest('md5', Buffer.concat(digests)).toString('hex')}-${parts.length}"`;
}
