// One S3 client of the crash harness: a few objects are put, read and deleted, each answer reduced to what it proves.
import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createS3Client, readS3Config } from '../../src/shared/s3.ts';
import type { Held } from '../model/register.ts';

/** What is sent: one part is put at once, several are a multipart upload. `id` is kept as metadata. */
export interface SentObject {
  readonly id: string;
  readonly parts: readonly Buffer[];
}

/** `unknown`: the system was down, or went down meanwhile; nothing is proven. */
export type ReadOutcome = { readonly kind: 'held'; readonly value: Held } | { readonly kind: 'unknown' };

export interface ObjectClient {
  createBucket(): Promise<void>;
  /** Whether it was acknowledged. */
  put(key: string, object: SentObject): Promise<boolean>;
  /** Whether it was acknowledged. */
  remove(key: string): Promise<boolean>;
  read(key: string): Promise<ReadOutcome>;
  close(): void;
}

/** What a read of this object shows: its id, bytes and ETag in one text, so that a change of any of them is seen. */
export function shownBy({ id, parts }: SentObject): string {
  return describe(id, Buffer.concat(parts), etagOf(parts));
}

export function createObjectClient(s3Url: string, bucket: string): ObjectClient {
  const client = createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: s3Url }), {
    maxAttempts: 1,
    requestTimeoutMs: 60_000,
  });
  const multipart = async (target: { Bucket: string; Key: string }, { id, parts }: SentObject): Promise<void> => {
    const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ ...target, Metadata: { id } }));
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [index, Body] of parts.entries()) {
      const part = { UploadId, PartNumber: index + 1 };
      const { ETag } = await client.send(new UploadPartCommand({ ...target, ...part, Body }));
      Parts.push({ PartNumber: part.PartNumber, ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  };
  return {
    createBucket: async () => void (await client.send(new CreateBucketCommand({ Bucket: bucket }))),
    put: (key, object) =>
      isAcknowledged(async () => {
        const target = { Bucket: bucket, Key: key };
        if (object.parts.length > 1) return multipart(target, object);
        const Body = Buffer.concat(object.parts);
        await client.send(new PutObjectCommand({ ...target, Body, Metadata: { id: object.id } }));
      }),
    remove: (key) => isAcknowledged(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
    async read(key) {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
        return { kind: 'held', value: describe(answer.Metadata?.id ?? '', bytes, answer.ETag ?? '') };
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return { kind: 'held', value: null };
        if (isOutage(error)) return { kind: 'unknown' };
        throw error;
      }
    },
    close: () => client.destroy(),
  };
}

async function isAcknowledged(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (isOutage(error)) return false;
    throw error;
  }
}

// An answer below 500 is S3's own refusal: none of our requests deserves one, save for an upload that another session knew.
function isOutage(error: unknown): boolean {
  return !(error instanceof S3ServiceException) || (error.$metadata.httpStatusCode ?? 500) >= 500;
}

// Source: the ETag of a multipart upload is the MD5 of its parts' MD5s and their number (S3 user guide, "Checking object integrity").
function etagOf(parts: readonly Buffer[]): string {
  const digests = parts.map((part) => createHash('md5').update(part).digest());
  const [only, ...more] = digests;
  if (only && more.length === 0) return `"${only.toString('hex')}"`;
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}

function describe(id: string, bytes: Uint8Array, etag: string): string {
  return `${id}: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}… ETag ${etag}`;
}
