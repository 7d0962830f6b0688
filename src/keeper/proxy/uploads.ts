// Multipart uploads. Clients keep their upload id for ever; the emulator's id changes when an upload is put back, so ids
// are exchanged on the way up and on the way down. A part is durable when acknowledged; completing copies no bytes.
import { createHash, type Hash } from 'node:crypto';
import { KeepsakeError } from '../../shared/errors.ts';
import { captureObject, saveBody } from '../put-back/capture.ts';
import { decodeBody, readBody } from '../s3/bodies.ts';
import type { Call } from '../s3/call.ts';
import { copySource, versionRefusal } from '../s3/copy-source.ts';
import { invalidUri, isErrorBody, malformedXml, noSuchUpload, sendS3Error } from '../s3/errors.ts';
import { checksumHeaders, rawHeader, replayHeaders, toRawHeaders } from '../s3/headers.ts';
import { pathOf } from '../s3/target.ts';
import { blocksOf, escapeXml, isPlainXml, textOf } from '../s3/xml.ts';
import type { Store, UploadRecord } from '../store/contract.ts';
import { createBodyTap } from '../turn/body-tap.ts';
import { bucketLock, keyLock, partLock, uploadLock } from '../turn/locks.ts';
import { locksOfKey, type Scope } from '../turn/scope.ts';
import type { ChangeParts } from '../turn/turns.ts';
import { assertSuccess } from '../upstream/emulator.ts';
import { isWhatEtagNames } from './put-object.ts';

export function createUpload(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket, key } = call.target;
  // No lock on the key: beginning an upload changes nothing that a reader of the key could see.
  const scope = { operation: 'create-upload', affected: { bucket, keys: [] }, locks: [bucketLock(bucket, true)] };
  return parts.turns.run(call, scope, async (turn) => {
    const answer = await turn.pass(call.req);
    const uploadId = answer.status === 200 ? textOf(answer.body.toString(), 'UploadId') : undefined;
    if (uploadId === undefined) return answer;
    const headers = replayHeaders(call.req.rawHeaders);
    const upload = { bucket, key, uploadId, upstreamUploadId: uploadId, headers, createdAt: Date.now() };
    await parts.store.commit({ kind: 'create-upload', upload });
    return answer;
  });
}

export async function uploadPart(parts: ChangeParts, call: Call, uploadId: string, partNumber: number): Promise<void> {
  const upload = findUpload(parts.store, call, uploadId);
  if (upload === undefined) return sendS3Error(call.res, noSuchUpload, call.target.path);
  const { store } = parts;
  const tap = createBodyTap(store, call.req.headers);
  await parts.turns.run(call, partScope(upload, partNumber), async (turn) => {
    try {
      const answer = await turn.pass(call.req, { path: upstreamPath(parts.store, call), tap });
      const etag = rawHeader(answer.headers, 'etag') ?? '';
      if (answer.status !== 200) {
        await tap.discard();
        return answer;
      }
      const saved = await tap.finish();
      // No part can be read back from an emulator: one that we can't vouch for is not acknowledged.
      if (!isWhatEtagNames(saved, etag)) throw otherPart(`"${saved.md5}"`, etag);
      const headers = {
        ...checksumHeaders(call.req.rawHeaders),
        ...checksumHeaders(toRawHeaders(saved.trailers)),
        ...checksumHeaders(answer.headers),
      };
      const part = { partNumber, sizeBytes: saved.body.sizeBytes, etag, headers };
      await store.commit({ kind: 'put-part', uploadId, part, source: saved.body });
      return answer;
    } catch (error) {
      await tap.discard();
      throw error;
    }
  });
}

export async function uploadPartCopy(
  parts: ChangeParts,
  call: Call,
  uploadId: string,
  partNumber: number,
): Promise<void> {
  const { req, res, target } = call;
  const upload = findUpload(parts.store, call, uploadId);
  const source = copySource(req.headers);
  if (upload === undefined) return sendS3Error(res, noSuchUpload, target.path);
  if (source === undefined) return sendS3Error(res, invalidUri, target.path);
  if (source.isVersion) return sendS3Error(res, versionRefusal, target.path);
  const scope = partScope(upload, partNumber);
  const locks = [...scope.locks, ...locksOfKey(source)];
  await parts.turns.run(call, { ...scope, locks }, async (turn) => {
    const answer = await turn.pass(call.req, { path: upstreamPath(parts.store, call) });
    const xml = answer.body.toString();
    if (answer.status !== 200 || isErrorBody(answer.body)) return answer;
    // The range of the source, read under its lock, is the part.
    const range = req.headers['x-amz-copy-source-range'];
    const headers = typeof range === 'string' ? ['Range', range] : [];
    const stream = await turn.client.stream('GET', pathOf(source.bucket, source.key), { headers });
    await assertSuccess(stream, 'the source of a part was read');
    const hash = createHash('md5');
    const body = await saveBody(parts.store, hashed(stream, hash), Number(stream.headers['content-length']));
    const etag = textOf(xml, 'ETag') ?? '';
    const md5 = `"${hash.digest('hex')}"`;
    // floci fills a range beyond the source's end with zeros: such a part is not what we read.
    if (/^"[0-9a-f]{32}"$/.test(etag) && etag !== md5) {
      await body.discard();
      throw otherPart(md5, etag);
    }
    const part = { partNumber, sizeBytes: body.sizeBytes, etag, headers: {} };
    await parts.store.commit({ kind: 'put-part', uploadId, part, source: body });
    return answer;
  });
}

async function* hashed(stream: AsyncIterable<Uint8Array>, hash: Hash): AsyncIterable<Uint8Array> {
  for await (const chunk of stream) {
    hash.update(chunk);
    yield chunk;
  }
}

function otherPart(expected: string, got: string): KeepsakeError {
  return new KeepsakeError('S3BadAnswer', {
    what: 'the part that was saved is not the one the emulator has',
    expected,
    got,
  });
}

export async function completeUpload(parts: ChangeParts, call: Call, uploadId: string): Promise<void> {
  const { res, target } = call;
  const { bucket, key } = target;
  const { store } = parts;
  const body = await readBody(call.req);
  const upload = findUpload(parts.store, call, uploadId);
  if (upload === undefined) return sendS3Error(res, noSuchUpload, target.path);
  const partNumbers = partNumbersOf(decodeBody(call.req.headers, body).toString());
  if (partNumbers === undefined) return sendS3Error(res, malformedXml, target.path);
  await parts.turns.run(call, uploadScope('complete-upload', upload), async (turn) => {
    const answer = await turn.pass(call.req, { path: upstreamPath(store, call), body });
    if (answer.status !== 200 || isErrorBody(answer.body)) return answer;
    const saved = new Map(store.parts(uploadId).map((part) => [part.partNumber, part]));
    const parts = partNumbers.map((partNumber) => saved.get(partNumber));
    if (parts.every((part) => part !== undefined)) {
      const meta = { bucket, key, etag: textOf(answer.body.toString(), 'ETag') ?? '', headers: upload.headers };
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      await store.commit({ kind: 'complete-upload', uploadId, partNumbers, meta: { ...meta, sizeBytes, parts } });
    } else {
      // The emulator had a part that was never acknowledged by us, and the client named it: what came of it is the object.
      await captureObject(store, turn.client, { bucket, key, request: upload.headers });
      await store.commit({ kind: 'abort-upload', uploadId });
    }
    return answer;
  });
}

export async function abortUpload(parts: ChangeParts, call: Call, uploadId: string): Promise<void> {
  const upload = findUpload(parts.store, call, uploadId);
  if (upload === undefined) return sendS3Error(call.res, noSuchUpload, call.target.path);
  await parts.turns.run(call, uploadScope('abort-upload', upload), async (turn) => {
    const answer = await turn.pass(call.req, { path: upstreamPath(parts.store, call) });
    if (answer.status < 300) await parts.store.commit({ kind: 'abort-upload', uploadId });
    return answer;
  });
}

/** The raw URL of a request, with the ids that the emulator knows uploads by: of one, and of where a list goes on. */
export function upstreamPath(store: Store, { req, target }: Pick<Call, 'req' | 'target'>): string {
  const { query, rawQuery, path } = target;
  const translated = ['uploadId', 'upload-id-marker'].flatMap((name) => {
    const id = query?.get(name);
    const upload = id ? store.upload(id) : undefined;
    return upload === undefined || upload.upstreamUploadId === upload.uploadId ? [] : [{ name, upload }];
  });
  if (translated.length === 0) return req.url ?? '/';
  const pairs = rawQuery.split('&').map((pair) => {
    const found = translated.find(({ name }) => pair.startsWith(`${name}=`));
    return found === undefined ? pair : `${found.name}=${encodeURIComponent(found.upload.upstreamUploadId)}`;
  });
  return `${path}?${pairs.join('&')}`;
}

/** An answer that names uploads by the emulator's ids, with those that clients know. */
export function withClientIds(store: Store, xml: string): string {
  let translated = xml;
  for (const { uploadId, upstreamUploadId } of store.uploads()) {
    if (uploadId !== upstreamUploadId)
      translated = translated.replaceAll(`>${escapeXml(upstreamUploadId)}<`, `>${escapeXml(uploadId)}<`);
  }
  return translated;
}

function findUpload(store: Store, { target }: Call, uploadId: string): UploadRecord | undefined {
  const upload = store.upload(uploadId);
  return upload?.bucket === target.bucket && upload.key === target.key ? upload : undefined;
}

function partScope({ bucket, key, uploadId }: UploadRecord, partNumber: number): Scope {
  return {
    operation: 'upload-part',
    affected: { bucket, keys: [key], uploadId, partNumber },
    locks: [bucketLock(bucket, true), uploadLock(uploadId, true), partLock(uploadId, partNumber)],
  };
}

function uploadScope(operation: string, { bucket, key, uploadId }: UploadRecord): Scope {
  return {
    operation,
    affected: { bucket, keys: [key], uploadId },
    locks: [bucketLock(bucket, true), keyLock(bucket, key), uploadLock(uploadId, false)],
  };
}

function partNumbersOf(xml: string): readonly number[] | undefined {
  if (!isPlainXml(xml)) return undefined;
  const numbers = blocksOf(xml, 'Part').map((part) => Number(textOf(part, 'PartNumber')));
  return numbers.length > 0 && numbers.every(Number.isInteger) ? numbers : undefined;
}
