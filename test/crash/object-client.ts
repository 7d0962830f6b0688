// The S3 calls of the object load, each without a retry and reduced to what its answer proves.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCorsCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketCorsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { reasonOf } from '../../src/shared/errors.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { readS3Config } from '../../src/shared/s3/settings.ts';
import { type Body, bytesOf, sha256Of } from './object-bodies.ts';
import type { Setting } from './object-plan.ts';

/** The outcome of a request. */
export type Reply<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** S3's own no (below 500), or an answer that is no S3 at all (`code` says what). */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** The system is down or went down meanwhile: it may have happened, now or later, or never. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Nobody took the connection: it never happened. */
  | { readonly kind: 'unsent' };

/** An object as a GET or HEAD shows it. */
export interface Shown {
  /** The metadata that names the write. */
  readonly writer: string;
  /** Metadata that follows from the id. */
  readonly note: string;
  readonly etag: string;
  readonly contentType: string;
  /** Of the whole object. */
  readonly sizeBytes: number;
  /** Of the bytes of this answer; '' for a HEAD. */
  readonly sha256: string;
}

export interface Condition {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

export type ObjectClient = ReturnType<typeof createObjectClient>;

const timeoutMs = 90_000;

export function createObjectClient(s3Url: string, Bucket: string) {
  const client = createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: s3Url }), {
    maxAttempts: 1,
    requestTimeoutMs: timeoutMs,
  });
  return {
    createBucket: () => reply(() => client.send(new CreateBucketCommand({ Bucket }))),
    put: (
      Key: string,
      writer: string,
      { body, condition = {}, md5 }: { body: Body; condition?: Condition; md5?: string },
    ) =>
      reply(() =>
        client.send(
          new PutObjectCommand({
            Bucket,
            Key,
            Body: bytesOf(body),
            ...described(writer),
            ...taggedBy(writer),
            ...condition,
            ...(md5 !== undefined && { ContentMD5: md5 }),
          }),
        ),
      ),
    remove: (Key: string) => reply(() => client.send(new DeleteObjectCommand({ Bucket, Key }))),
    removeMany: (keys: readonly string[]) =>
      reply(async () => {
        const Objects = keys.map((Key) => ({ Key }));
        const { Deleted = [], Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
        );
        return { deleted: Deleted.flatMap(({ Key }) => Key ?? []), failed: Errors.flatMap(({ Key }) => Key ?? []) };
      }),
    /** With a `writer` the copy's metadata and tags are its own; without, those of the source. */
    copy: (from: string, Key: string, writer: string | undefined, condition: Condition = {}) =>
      reply(async () => {
        const CopySource = `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
        const own = writer !== undefined && {
          MetadataDirective: 'REPLACE' as const,
          TaggingDirective: 'REPLACE' as const,
          ...described(writer),
          ...taggedBy(writer),
        };
        const { CopyObjectResult } = await client.send(
          new CopyObjectCommand({ Bucket, Key, CopySource, ...own, ...condition }),
        );
        return { etag: CopyObjectResult?.ETag ?? '' };
      }),
    beginUpload: (Key: string, writer: string) =>
      reply(async () => {
        const sent = { Bucket, Key, ...described(writer), ...taggedBy(writer) };
        return (await client.send(new CreateMultipartUploadCommand(sent))).UploadId ?? '';
      }),
    sendPart: (Key: string, UploadId: string, part: { readonly number: number; readonly bytes: Buffer }) =>
      reply(async () => {
        const sent = { Bucket, Key, UploadId, PartNumber: part.number, Body: part.bytes };
        return (await client.send(new UploadPartCommand(sent))).ETag ?? '';
      }),
    completeUpload: (Key: string, UploadId: string, etags: readonly string[]) =>
      reply(async () => {
        const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
        const sent = { Bucket, Key, UploadId, MultipartUpload: { Parts } };
        return (await client.send(new CompleteMultipartUploadCommand(sent))).ETag ?? '';
      }),
    abortUpload: (Key: string, UploadId: string) =>
      reply(() => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))),
    tag: (Key: string, id: string) =>
      reply(() => client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: tagSet(id) }))),
    untag: (Key: string) => reply(() => client.send(new DeleteObjectTaggingCommand({ Bucket, Key }))),
    readTags: (Key: string) =>
      reply(async () => {
        const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }));
        return (TagSet ?? []).map(({ Key: name, Value }) => (name === tagName ? Value : `${name}=${Value}`)).join('&');
      }),
    get: (Key: string, options: Condition & { readonly Range?: string } = {}) =>
      reply(async (): Promise<Shown> => {
        const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...options }));
        const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
        const whole = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
        return shown(answer, whole === undefined ? bytes.length : Number(whole), sha256Of(bytes));
      }),
    head: (Key: string) =>
      reply(async (): Promise<Shown> => {
        const answer = await client.send(new HeadObjectCommand({ Bucket, Key }));
        return shown(answer, answer.ContentLength ?? -1, '');
      }),
    /** The ETag of each key, page by page. */
    list: (MaxKeys: number) =>
      reply(async () => {
        const etags = new Map<string, string>();
        let ContinuationToken: string | undefined;
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket, MaxKeys, ...(ContinuationToken && { ContinuationToken }) }),
          );
          for (const { Key = '', ETag = '' } of page.Contents ?? []) etags.set(Key, ETag);
          ContinuationToken = page.NextContinuationToken;
        } while (ContinuationToken !== undefined);
        return etags;
      }),
    set: (setting: Setting, id: string) =>
      reply(() =>
        setting === 'cors'
          ? client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [corsRule(id)] } }))
          : client.send(new PutBucketTaggingCommand({ Bucket, Tagging: tagSet(id) })),
      ),
    unset: (setting: Setting) =>
      reply(() =>
        setting === 'cors'
          ? client.send(new DeleteBucketCorsCommand({ Bucket }))
          : client.send(new DeleteBucketTaggingCommand({ Bucket })),
      ),
    readSetting: (setting: Setting) =>
      reply(async () => {
        if (setting === 'tagging') {
          const { TagSet } = await client.send(new GetBucketTaggingCommand({ Bucket }));
          return TagSet?.[0]?.Value ?? '';
        }
        const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket }));
        return CORSRules?.[0]?.AllowedOrigins?.[0]?.replace(/^http:\/\//, '') ?? '';
      }),
    close: () => client.destroy(),
  };
}

const tagName = 'writer';
const tagSet = (id: string) => ({ TagSet: [{ Key: tagName, Value: id }] });
const taggedBy = (id: string) => ({ Tagging: `${tagName}=${id}` });
const corsRule = (id: string) => ({ AllowedMethods: ['GET'], AllowedOrigins: [`http://${id}`] });

/** The headers of each object: all of it follows from the id. */
export function described(writer: string) {
  const note = sha256Of(Buffer.from(writer)).slice(0, 12);
  return { ContentType: `image/x-${note}`, Metadata: { writer, note } };
}

function shown(
  { Metadata, ETag = '', ContentType = '' }: Pick<HeadObjectCommandOutput, 'Metadata' | 'ETag' | 'ContentType'>,
  sizeBytes: number,
  sha256: string,
): Shown {
  const { writer = '', note = '' } = Metadata ?? {};
  return { writer, note, etag: ETag, contentType: ContentType, sizeBytes, sha256 };
}

async function reply<T>(send: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { kind: 'done', value: await send() };
  } catch (error) {
    const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
    if (error instanceof S3ServiceException && status >= 200 && status < 500)
      return { kind: 'refused', status, code: error.name };
    const reason = reasonOf(error);
    if (/checksum mismatch/i.test(reason)) return { kind: 'refused', status: 200, code: 'ChecksumMismatch' };
    if (/ECONNREFUSED/.test(reason)) return { kind: 'unsent' };
    return { kind: 'unknown', reason: status === 0 ? reason : `${status}` };
  }
}
