// Requests about one object: put, copy, read, delete, its attributes and its documents (tags, ACL).
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { textsOf } from '../../keeper/s3/xml.ts';
import { element, faults, S3Fault, sendEmpty, sendXml } from './answers.ts';
import { type BodyFile, release, retain } from './body-files.ts';
import { checkCopySource, checkRead, checkWrite, parseRange, type Range } from './conditions.ts';
import { type Checksums, receiveBody, receiveText } from './receive-body.ts';
import type { ObjectRequest } from './request.ts';
import type { StoredObject } from './state.ts';
import { storedDocuments, storedHeaders } from './stored-headers.ts';

export async function putObject({ req, res, bucket, key, files }: ObjectRequest): Promise<void> {
  checkWrite(req.headers, bucket.get(key));
  const { file, md5, checksums } = await receiveBody(req, files);
  const object: StoredObject = {
    key,
    files: [file],
    sizeBytes: file.sizeBytes,
    etag: `"${md5.toString('hex')}"`,
    lastModified: new Date(),
    headers: storedHeaders(req.headers),
    checksums,
    checksumType: 'FULL_OBJECT',
    parts: null,
    documents: storedDocuments(req.headers),
  };
  try {
    checkWrite(req.headers, bucket.get(key)); // another one may have come while the body did
  } catch (error) {
    release(object.files);
    throw error;
  }
  bucket.put(object);
  sendEmpty(res, 200, { etag: object.etag, ...checksumHeaders(object) });
}

export async function copyObject({ req, res, bucket, key, state }: ObjectRequest): Promise<void> {
  const source = findCopySource(state, req.headers['x-amz-copy-source']);
  checkCopySource(req.headers, source);
  checkWrite(req.headers, bucket.get(key));
  const isReplacing = req.headers['x-amz-metadata-directive'] === 'REPLACE';
  if (source === bucket.get(key) && !isReplacing && req.headers['x-amz-storage-class'] === undefined) {
    throw faults.invalidRequest(
      'This copy request is illegal because it is trying to copy an object to itself without changing its metadata.',
    );
  }
  const isReplacingTags = req.headers['x-amz-tagging-directive'] === 'REPLACE';
  const tags = source.documents.get('tagging');
  const copy: StoredObject = {
    ...source,
    key,
    files: retain(source.files),
    etag: source.etag,
    lastModified: new Date(),
    headers: isReplacing ? storedHeaders(req.headers) : source.headers,
    documents: isReplacingTags ? storedDocuments(req.headers) : new Map(tags === undefined ? [] : [['tagging', tags]]),
  };
  bucket.put(copy);
  sendXml(res, 'CopyObjectResult', [
    element('LastModified', copy.lastModified.toISOString()),
    element('ETag', copy.etag),
    ...checksumElements(copy.checksums),
  ]);
}

/** @throws S3Fault `InvalidArgument`, `NoSuchBucket`, `NoSuchKey` */
export function findCopySource(state: ObjectRequest['state'], header: unknown): StoredObject {
  const [source = '', version] = String(header).split('?versionId=');
  if (version !== undefined && version !== 'null') throw faults.notImplemented('versioning');
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decodeSource(source));
  if (!match)
    throw faults.invalidArgument('Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  return state.require(match[1] ?? '').require(match[2] ?? '');
}

function decodeSource(source: string): string {
  try {
    return decodeURIComponent(source);
  } catch {
    throw faults.invalidArgument('The copy source is not percent-encoded UTF-8.');
  }
}

export async function readObject({ req, res, bucket, key, query }: ObjectRequest): Promise<void> {
  const object = bucket.require(key);
  const common = { etag: object.etag, 'last-modified': object.lastModified.toUTCString() };
  if (checkRead(req.headers, object) === 'not-modified') {
    res.writeHead(304, common).end();
    return;
  }
  const partNumber = query.get('partNumber');
  const range = partNumber ? partRange(object, Number(partNumber)) : parseRange(req.headers.range, object.sizeBytes);
  const { start, end } = range ?? { start: 0, end: object.sizeBytes };
  const overrides = [...query].flatMap(([name, value]) => {
    const header = /^response-(.+)$/.exec(name)?.[1];
    return header ? [[header, value]] : [];
  });
  const tagCount = textsOf(object.documents.get('tagging') ?? '', 'Key').length;
  const headers: OutgoingHttpHeaders = {
    ...object.headers,
    ...Object.fromEntries(overrides),
    ...common,
    'accept-ranges': 'bytes',
    'content-length': end - start,
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${object.sizeBytes}` }),
    ...(partNumber && object.parts && { 'x-amz-mp-parts-count': object.parts.length }),
    ...(tagCount > 0 && { 'x-amz-tagging-count': tagCount }),
    ...(req.headers['x-amz-checksum-mode'] !== undefined && !range && checksumHeaders(object)),
  };
  res.writeHead(range ? 206 : 200, headers);
  if (req.method === 'HEAD' || end === start) res.end();
  else await sendBytes(res, object.files, { start, end });
}

function partRange(object: StoredObject, partNumber: number): Range | undefined {
  const parts = object.parts ?? [{ sizeBytes: object.sizeBytes }];
  const part = parts[partNumber - 1];
  if (!part) throw new S3Fault(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable');
  const start = parts.slice(0, partNumber - 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return part.sizeBytes === 0 ? undefined : { start, end: start + part.sizeBytes };
}

// Below this, one read is cheaper than a stream.
const wholeReadBytes = 256 * 1024;

async function sendBytes(res: ObjectRequest['res'], files: readonly BodyFile[], range: Range): Promise<void> {
  if (files.length === 1 && files[0] && range.end - range.start <= wholeReadBytes) {
    res.end(readWhole(files[0], range));
    return;
  }
  const read = retain(files); // an overwrite meanwhile doesn't take them away
  try {
    await pipeline(Readable.from(readFiles(read, range)), res);
  } finally {
    release(read);
  }
}

function readWhole(file: BodyFile, { start, end }: Range): Buffer {
  const bytes = Buffer.alloc(end - start);
  const descriptor = openSync(file.path, 'r');
  try {
    readSync(descriptor, bytes, 0, bytes.length, start);
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}

/** The bytes of a range over files that follow each other. */
export async function* readFiles(files: readonly BodyFile[], { start, end }: Range): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const file of files) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, file.sizeBytes);
    if (from < to) yield* createReadStream(file.path, { start: from, end: to - 1, highWaterMark: 256 * 1024 });
    offset += file.sizeBytes;
  }
}

export async function deleteObject({ req, res, bucket, key }: ObjectRequest): Promise<void> {
  if (req.headers['if-match'] !== undefined) checkWrite(req.headers, bucket.get(key));
  bucket.delete(key);
  sendEmpty(res, 204);
}

export async function objectAttributes({ req, res, bucket, key }: ObjectRequest): Promise<void> {
  const object = bucket.require(key);
  const asked = String(req.headers['x-amz-object-attributes'] ?? '')
    .split(',')
    .map((one) => one.trim());
  const all: Readonly<Record<string, readonly string[]>> = {
    ETag: [element('ETag', object.etag.replaceAll('"', ''))],
    Checksum: [
      element('Checksum', [...checksumElements(object.checksums), element('ChecksumType', object.checksumType)]),
    ],
    ObjectParts: object.parts ? [element('ObjectParts', [element('PartsCount', object.parts.length)])] : [],
    StorageClass: [element('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD')],
    ObjectSize: [element('ObjectSize', object.sizeBytes)],
  };
  sendXml(
    res,
    'GetObjectAttributesResponse',
    asked.flatMap((name) => all[name] ?? []),
    {
      'last-modified': object.lastModified.toUTCString(),
    },
  );
}

/** Tags and ACL: the document that was put, or S3's empty one. */
export async function objectDocument({ req, res, bucket, key }: ObjectRequest, name: string): Promise<void> {
  const { documents } = bucket.require(key);
  if (req.method === 'PUT') {
    documents.set(name, await receiveText(req));
    sendEmpty(res, 200);
  } else if (req.method === 'DELETE') {
    documents.delete(name);
    sendEmpty(res, 204);
  } else {
    sendDocument(res, documents.get(name) ?? emptyDocument(name));
  }
}

/** A document as it was put. */
export function sendDocument(res: ObjectRequest['res'], document: string): void {
  res.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(document) });
  res.end(document);
}

/** S3's answer where nothing was put. */
export function emptyDocument(name: string): string {
  if (name === 'tagging') return element('Tagging', [element('TagSet', [])]);
  const owner = [element('ID', 'embedded'), element('DisplayName', 'embedded')];
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${owner.join('')}</Grantee>`;
  const grant = element('Grant', [grantee, element('Permission', 'FULL_CONTROL')]);
  return element('AccessControlPolicy', [element('Owner', owner), element('AccessControlList', [grant])]);
}

export function checksumHeaders({ checksums, checksumType }: Pick<StoredObject, 'checksums' | 'checksumType'>) {
  const headers = Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]);
  return headers.length === 0 ? {} : { ...Object.fromEntries(headers), 'x-amz-checksum-type': checksumType };
}

export function checksumElements(checksums: Checksums): string[] {
  return Object.entries(checksums).map(([name, value]) => element(`Checksum${name.toUpperCase()}`, value));
}
