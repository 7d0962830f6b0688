// An object's way into S3, so that S3 itself checks every byte. A body of one part is one PutObject: its SHA-256 travels
// both as checksum and as metadata (`sha256`). A longer one is a multipart upload whose parts each carry their SHA-256;
// its whole SHA-256 is known too late for the metadata, so the row alone has it. S3's composite checksum (SHA-256 of
// the parts' SHA-256s, parts of `PART_BYTES`) proves the bytes. An object appears whole or not at all.

import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  NoSuchUpload,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';

/** The key and headers of an object. `metadata` without `x-amz-meta-`. */
export interface ObjectDescription {
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes a body of one part and proves that S3 holds it. @throws KeepsakeError of S3; then it may or may not be there. */
export async function putObject(
  bucket: Bucket,
  object: ObjectDescription,
  body: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const checksum = sha256Of(body);
  const answer = await bucket.client
    .send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: object.key,
        Body: body,
        ContentType: object.contentType,
        Metadata: object.metadata,
        ChecksumSHA256: checksum,
      }),
      { abortSignal: signal },
    )
    .catch(rethrow(bucket));
  // An S3 that answers with the checksum has compared it; one that ignores checksums is asked what it holds.
  if (answer.ChecksumSHA256 !== checksum) await proveObject(bucket, object.key, { sizeBytes: body.length, checksum });
}

/** A multipart upload under way. */
export interface MultipartWriter {
  /** Sends the next part; one at a time. */
  write(part: Buffer): Promise<void>;
  /** Makes the object appear, and proves that S3 holds all of it. */
  complete(): Promise<void>;
}

/** Begins a multipart upload. Given up, it needs `abortMultiparts`. */
export async function beginMultipart(
  bucket: Bucket,
  object: ObjectDescription,
  signal: AbortSignal,
): Promise<MultipartWriter> {
  const { client, name: Bucket } = bucket;
  const { UploadId } = await client
    .send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key: object.key,
        ContentType: object.contentType,
        Metadata: object.metadata,
        ChecksumAlgorithm: 'SHA256',
      }),
      { abortSignal: signal },
    )
    .catch(rethrow(bucket));
  const upload = { Bucket, Key: object.key, UploadId };
  const parts: CompletedPart[] = [];
  let sizeBytes = 0;
  return {
    async write(part) {
      const PartNumber = parts.length + 1;
      const ChecksumSHA256 = sha256Of(part);
      const { ETag } = await client
        .send(new UploadPartCommand({ ...upload, PartNumber, Body: part, ChecksumSHA256 }), { abortSignal: signal })
        .catch(rethrow(bucket));
      parts.push({ PartNumber, ETag, ChecksumSHA256 });
      sizeBytes += part.length;
    },
    async complete() {
      await client
        .send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }), {
          abortSignal: signal,
        })
        .catch((error: unknown) => {
          // A repeated request after a lost answer: the first one has ended the upload. The proof below decides.
          if (!(error instanceof NoSuchUpload)) throw asS3Error(error, Bucket);
        });
      await proveObject(bucket, object.key, { sizeBytes });
    },
  };
}

/** Has S3 forget the parts of all uploads to `key` that were not completed. */
export async function abortMultiparts(bucket: Bucket, key: string): Promise<void> {
  const { client, name: Bucket } = bucket;
  const { Uploads = [] } = await client
    .send(new ListMultipartUploadsCommand({ Bucket, Prefix: key }))
    .catch(rethrow(bucket));
  for (const { Key, UploadId } of Uploads) {
    if (Key === key)
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(rethrow(bucket));
  }
}

async function proveObject(
  bucket: Bucket,
  key: string,
  expected: { readonly sizeBytes: number; readonly checksum?: string },
): Promise<void> {
  const found = await headObject(bucket, key);
  const got = found.kind === 'present' ? found.head.ContentLength : undefined;
  const checksum = found.kind === 'present' ? found.head.ChecksumSHA256 : undefined;
  if (got === expected.sizeBytes && (!checksum || !expected.checksum || checksum === expected.checksum)) return;
  throw new KeepsakeError('ChecksumMismatch', {
    what: 'S3 does not hold what was sent',
    expected: `${expected.sizeBytes} bytes`,
    got: got === undefined ? 'no object' : `${got} bytes, checksum ${checksum ?? 'unknown'}`,
    remedy: 'Send the image again.',
  });
}

function sha256Of(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64');
}

function rethrow({ name }: Bucket): (error: unknown) => never {
  return (error) => {
    throw asS3Error(error, name);
  };
}
