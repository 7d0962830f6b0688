// Makes the emulator hold what the store holds: one object, one bucket, one upload. All is plain S3, so the same ETag,
// metadata, tags and checksums come of it. P3.
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { KeepsakeError } from '../../shared/errors.ts';
import { checksumHeaders, type ReplayHeaders, rawHeader, toRawHeaders } from '../s3/headers.ts';
import { pathOf } from '../s3/target.ts';
import { escapeXml, textOf } from '../s3/xml.ts';
import type { BucketRecord, ObjectRecord, PartMeta, Setting, Store, UploadRecord } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import { badAnswer, expectSuccess } from '../upstream/emulator.ts';
import { notePassed } from '../upstream/passed-bytes.ts';

/** A setting that a client deleted: its default is put away again by the same call. */
export const deletedMark = ':method';

/** Puts an object back with its settings. Resolves with its ETag there. @throws KeepsakeError `S3Unavailable`, `S3BadAnswer`; `IncompleteUpload` when its bytes can't be read */
export async function putBackObject(store: Store, client: EmulatorClient, record: ObjectRecord): Promise<string> {
  const etag = record.parts
    ? await putBackCut(store, client, record, record.parts)
    : await putBackWhole(store, client, record);
  for (const setting of record.settings) await putBackSetting(client, record.bucket, record.key, setting);
  return etag;
}

// An emulator may refuse the parts as they were sent, and still take them without their checksums. Or it takes the bytes
// at once: the object then has another ETag, which is better than no object.
async function putBackCut(
  store: Store,
  client: EmulatorClient,
  record: ObjectRecord,
  parts: readonly PartMeta[],
): Promise<string> {
  const bare = { ...record, headers: withoutChecksums(record.headers) };
  const attempts = isChecksumByDefault(record.headers, parts) ? [bare] : [record, bare];
  for (const attempt of attempts) {
    try {
      return await putBackParts(store, client, attempt, parts);
    } catch (error) {
      if (!(error instanceof KeepsakeError) || error.code !== 'S3BadAnswer') throw error;
    }
  }
  return putBackWhole(store, client, bare);
}

function withoutChecksums(headers: ReplayHeaders): ReplayHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')));
}

/**
 * Whether a checksum is the one that S3 makes by itself of an upload that names none (S3 user guide, "Checking object
 * integrity": CRC-64/NVME of the full object). Named, it would be asked for with each part, where nobody knows it.
 */
function isChecksumByDefault(headers: ReplayHeaders, parts: readonly PartMeta[]): boolean {
  return (
    headers['x-amz-checksum-crc64nvme'] !== undefined && parts.every((part) => Object.keys(part.headers).length === 0)
  );
}

// A small body goes in one piece with its head: that costs keeper and emulator less than a stream.
const pieceBytes = 256 * 1024;

async function putBackWhole(store: Store, client: EmulatorClient, record: ObjectRecord): Promise<string> {
  const { sizeBytes, versionId } = record;
  const answer = expectSuccess(
    await client.call('PUT', pathOf(record.bucket, record.key), {
      headers: [...toRawHeaders(record.headers), ...namedAlgorithm(record.headers)],
      body:
        sizeBytes <= pieceBytes
          ? (inDatabase(store, versionId) ?? (await inOnePiece(store.readBody(versionId))))
          : { source: store.readBody(versionId), sizeBytes },
    }),
    `an object was put back: ${record.bucket}/${record.key}`,
  );
  return rawHeader(answer.headers, 'etag') ?? '';
}

// At once, without a stream. An object that can't be read so is read as a stream, which names the damage.
function inDatabase(store: Store, versionId: number): Uint8Array | undefined {
  try {
    const bytes = store.smallBody(versionId);
    if (bytes !== undefined) notePassed(bytes.length);
    return bytes;
  } catch (error) {
    if (error instanceof KeepsakeError) return undefined;
    throw error;
  }
}

// As SDKs send it: moto looks at a checksum only when its algorithm is named.
function namedAlgorithm(headers: ReplayHeaders): readonly string[] {
  const [name, ...others] = Object.keys(checksumHeaders(toRawHeaders(headers)));
  if (name === undefined || others.length > 0) return [];
  return ['x-amz-sdk-checksum-algorithm', name.slice('x-amz-checksum-'.length).toUpperCase()];
}

async function inOnePiece(source: Readable): Promise<Buffer> {
  const bytes = await buffer(source);
  notePassed(bytes.length);
  return bytes;
}

// An ETag of a multipart upload is made from the parts: the same cuts give the same ETag.
async function putBackParts(
  store: Store,
  client: EmulatorClient,
  record: ObjectRecord,
  parts: readonly PartMeta[],
): Promise<string> {
  const { bucket, key } = record;
  const uploadId = await createUpload(client, bucket, key, record.headers);
  try {
    return await fillUpload(store, client, { record, parts, uploadId });
  } catch (error) {
    if (error instanceof KeepsakeError && error.code === 'S3BadAnswer')
      await client.call('DELETE', pathOf(bucket, key, `uploadId=${encodeURIComponent(uploadId)}`)); // nobody asked for it
    throw error;
  }
}

async function fillUpload(
  store: Store,
  client: EmulatorClient,
  {
    record,
    parts,
    uploadId,
  }: { readonly record: ObjectRecord; readonly parts: readonly PartMeta[]; readonly uploadId: string },
): Promise<string> {
  const { bucket, key } = record;
  const done: UploadedPart[] = [];
  let start = 0;
  for (const [index, part] of parts.entries()) {
    const end = start + part.sizeBytes;
    const source = store.readBody(record.versionId, { start, end });
    const { partNumber = index + 1 } = part;
    done.push(await putPart(client, { bucket, key, uploadId, partNumber, part, source }));
    start = end;
  }
  const answer = expectSuccess(
    await client.call('POST', pathOf(bucket, key, `uploadId=${encodeURIComponent(uploadId)}`), {
      headers: completeHeaders(record.headers),
      body: Buffer.from(completeXml(done, checksumAlgorithm(record.headers))),
    }),
    `a multipart object was put back: ${bucket}/${key}`,
  );
  return textOf(answer.body.toString(), 'ETag') ?? '';
}

/** Makes an upload in progress anew, parts included. Resolves with its id in the emulator. @throws as `putBackObject` */
export async function putBackUpload(store: Store, client: EmulatorClient, upload: UploadRecord): Promise<string> {
  const { bucket, key } = upload;
  const uploadId = await createUpload(client, bucket, key, upload.headers);
  for (const part of store.parts(upload.uploadId)) {
    const source = store.readPart(upload.uploadId, part.partNumber);
    await putPart(client, { bucket, key, uploadId, partNumber: part.partNumber, part, source });
  }
  return uploadId;
}

/** Puts one part of an upload in progress back, if the store has it. @throws as `putBackObject` */
export async function putBackPart(
  store: Store,
  client: EmulatorClient,
  uploadId: string,
  partNumber: number,
): Promise<void> {
  const upload = store.upload(uploadId);
  const part = store.parts(uploadId).find((stored) => stored.partNumber === partNumber);
  if (upload === undefined || part === undefined) return;
  const { bucket, key, upstreamUploadId } = upload;
  const source = store.readPart(uploadId, partNumber);
  await putPart(client, { bucket, key, uploadId: upstreamUploadId, partNumber, part, source });
}

/** Makes a bucket, or finds it there. Its settings come after all buckets are there: some name other buckets. */
export async function putBackBucket(client: EmulatorClient, { bucket, headers, body }: BucketRecord): Promise<void> {
  const answer = await client.call('PUT', pathOf(bucket), { headers: toRawHeaders(headers), body });
  const isThere = answer.status === 409 && textOf(answer.body.toString(), 'Code') === 'BucketAlreadyOwnedByYou';
  if (!isThere) expectSuccess(answer, `a bucket was made again: ${bucket}`);
}

// An ACL is refused unless the ownership allows it, a policy unless public access does.
const settingsFirst = ['ownershipControls', 'publicAccessBlock'];

/** A bucket's settings in the order in which they can be set. */
export function orderedSettings({ settings }: BucketRecord): readonly Setting[] {
  const rank = ({ name }: Setting): number => (settingsFirst.includes(name) ? 0 : 1);
  return [...settings].sort((left, right) => rank(left) - rank(right));
}

export async function putBackBucketSettings(client: EmulatorClient, record: BucketRecord): Promise<void> {
  for (const setting of orderedSettings(record)) await putBackSetting(client, record.bucket, '', setting);
}

/** Repeats the call that made a setting; or deletes it, when a client did. */
export async function putBackSetting(
  client: EmulatorClient,
  bucket: string,
  key: string,
  { name, headers, body }: Setting,
): Promise<void> {
  if (!client.hasSubResources && name !== 'lifecycle') return; // it was set in an emulator of another kind
  const { [deletedMark]: method = 'PUT', ...kept } = headers;
  // The queues and topics that a notification names are not ours to bring back.
  const extra = name === 'notification' ? ['x-amz-skip-destination-validation', 'true'] : [];
  const answer = await client.call(method, pathOf(bucket, key, name), {
    headers: [...toRawHeaders(kept), ...extra],
    body,
  });
  if (method === 'DELETE' && answer.status === 404) return; // it was not there: what was wanted
  expectSuccess(answer, `?${name} was set again on ${bucket}/${key}`);
}

interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksums: ReplayHeaders;
}

async function createUpload(
  client: EmulatorClient,
  bucket: string,
  key: string,
  headers: ReplayHeaders,
): Promise<string> {
  const answer = expectSuccess(
    await client.call('POST', pathOf(bucket, key, 'uploads'), { headers: createHeaders(headers) }),
    `an upload was begun again: ${bucket}/${key}`,
  );
  const uploadId = textOf(answer.body.toString(), 'UploadId');
  if (uploadId === undefined) throw badAnswer(answer, `an upload was begun again: ${bucket}/${key}`);
  return uploadId;
}

async function putPart(
  client: EmulatorClient,
  options: {
    readonly bucket: string;
    readonly key: string;
    readonly uploadId: string;
    readonly partNumber: number;
    readonly part: PartMeta;
    readonly source: Readable;
  },
): Promise<UploadedPart> {
  const { bucket, key, uploadId, partNumber, part, source } = options;
  const path = pathOf(bucket, key, `partNumber=${partNumber}&uploadId=${encodeURIComponent(uploadId)}`);
  const body = { source, sizeBytes: part.sizeBytes };
  const answer = await client.call('PUT', path, { headers: toRawHeaders(part.headers), body });
  expectSuccess(answer, `part ${partNumber} was put back: ${bucket}/${key}`);
  return { partNumber, etag: rawHeader(answer.headers, 'etag') ?? part.etag, checksums: part.headers };
}

// The object's own checksum belongs to its completion; its algorithm to its beginning.
function createHeaders(headers: ReplayHeaders): string[] {
  const sums = checksumHeaders(toRawHeaders(headers));
  const rest = Object.entries(headers).filter(([name]) => !(name in sums) && name !== 'x-amz-checksum-algorithm');
  const algorithm = checksumAlgorithm(headers);
  return [...rest.flat(), ...(algorithm === undefined ? [] : ['x-amz-checksum-algorithm', algorithm])];
}

/** The algorithm that an upload was begun with: said by its client, or seen on the object it became. */
function checksumAlgorithm(headers: ReplayHeaders): string | undefined {
  const seen = Object.keys(checksumHeaders(toRawHeaders(headers)))[0];
  return headers['x-amz-checksum-algorithm'] ?? seen?.slice('x-amz-checksum-'.length).toUpperCase();
}

function completeHeaders(headers: ReplayHeaders): string[] {
  const type = headers['x-amz-checksum-type'];
  return type === undefined ? [] : ['x-amz-checksum-type', type];
}

// Checksums of parts are named only in the upload's own algorithm: others are refused.
function completeXml(parts: readonly UploadedPart[], algorithm: string | undefined): string {
  const element = `Checksum${algorithm}`;
  const items = parts.map(({ partNumber, etag, checksums }) => {
    const sum = algorithm === undefined ? undefined : checksums[`x-amz-checksum-${algorithm.toLowerCase()}`];
    const sumXml = sum === undefined ? '' : `<${element}>${sum}</${element}>`;
    return `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag>${sumXml}</Part>`;
  });
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join('')}</CompleteMultipartUpload>`;
}

/**
 * Whether no repetition mends it: the emulator refuses the thing, or the store can't tell what it was. A disk that can't
 * be read for a moment is no such case: what it holds was acknowledged.
 */
export function isForGood(error: unknown): error is KeepsakeError {
  if (!(error instanceof KeepsakeError)) return false;
  const cause = error.code === 'IncompleteUpload' ? error.cause : error; // a body that failed while it was sent
  return (
    cause instanceof KeepsakeError && ['S3BadAnswer', 'KeeperStoreDamaged', 'VersionNotFound'].includes(cause.code)
  );
}
