// Requests about uploads in parts. A completed object is the list of its parts' files: nothing is copied.
import { createHash } from 'node:crypto';
import { blocksOf, textOf } from '../../keeper/s3/xml.ts';
import { element, faults, S3Fault, sendEmpty, sendXml } from './answers.ts';
import { release, sizeOf } from './body-files.ts';
import { type ChecksumName, isChecksumName, startChecksum } from './checksums.ts';
import { checkCopySource, checkWrite, parseRange } from './conditions.ts';
import { checksumElements, checksumHeaders, findCopySource, readFiles } from './object-requests.ts';
import { type Checksums, receiveBody, receiveText } from './receive-body.ts';
import type { BucketRequest, ObjectRequest } from './request.ts';
import { newUploadId, type StoredObject, type Upload, type UploadedPart } from './state.ts';
import { storedDocuments, storedHeaders } from './stored-headers.ts';

export async function createUpload({ req, res, bucket, key }: ObjectRequest): Promise<void> {
  const algorithm = req.headers['x-amz-checksum-algorithm']?.toString().toLowerCase();
  const isFull = req.headers['x-amz-checksum-type'] === 'FULL_OBJECT' || algorithm === 'crc64nvme';
  const upload: Upload = {
    id: newUploadId(),
    key,
    headers: storedHeaders(req.headers),
    documents: storedDocuments(req.headers),
    checksumAlgorithm: algorithm,
    checksumType: isFull ? 'FULL_OBJECT' : 'COMPOSITE',
    createdAt: new Date(),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const content = [element('Bucket', bucket.name), element('Key', key), element('UploadId', upload.id)];
  sendXml(res, 'InitiateMultipartUploadResult', content, {
    ...(algorithm && {
      'x-amz-checksum-algorithm': algorithm.toUpperCase(),
      'x-amz-checksum-type': upload.checksumType,
    }),
  });
}

export async function uploadPart(request: ObjectRequest): Promise<void> {
  const { req, res, files } = request;
  const partNumber = readPartNumber(request);
  const upload = requireUpload(request);
  const { file, md5, checksums } = await receiveBody(req, files);
  if (!request.bucket.uploads.has(upload.id)) {
    release([file]);
    throw faults.noSuchUpload();
  }
  putPart(upload, { partNumber, file, md5, checksums, lastModified: new Date() });
  sendEmpty(res, 200, {
    etag: `"${md5.toString('hex')}"`,
    ...checksumHeaders({ checksums, checksumType: 'COMPOSITE' }),
  });
}

export async function copyPart(request: ObjectRequest): Promise<void> {
  const { req, res, state, files } = request;
  const partNumber = readPartNumber(request);
  const upload = requireUpload(request);
  const source = findCopySource(state, req.headers['x-amz-copy-source']);
  checkCopySource(req.headers, source);
  const range = parseRange(req.headers['x-amz-copy-source-range']?.toString(), source.sizeBytes);
  const writer = files.begin();
  const md5 = createHash('md5');
  for await (const bytes of readFiles(source.files, range ?? { start: 0, end: source.sizeBytes })) {
    writer.write(bytes);
    md5.update(bytes);
  }
  const part = { partNumber, file: writer.finish(), md5: md5.digest(), checksums: {}, lastModified: new Date() };
  putPart(upload, part);
  sendXml(res, 'CopyPartResult', [
    element('LastModified', part.lastModified.toISOString()),
    element('ETag', `"${part.md5.toString('hex')}"`),
  ]);
}

function readPartNumber({ query }: ObjectRequest): number {
  const partNumber = Number(query.get('partNumber'));
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= 10_000) return partNumber;
  throw faults.invalidArgument('Part number must be an integer between 1 and 10000, inclusive');
}

function requireUpload({ bucket, key, query }: ObjectRequest): Upload {
  return bucket.requireUpload(query.get('uploadId') ?? '', key);
}

function putPart(upload: Upload, part: UploadedPart): void {
  const previous = upload.parts.get(part.partNumber);
  upload.parts.set(part.partNumber, part);
  if (previous) release([previous.file]);
}

export async function abortUpload(request: ObjectRequest): Promise<void> {
  const upload = requireUpload(request);
  request.bucket.uploads.delete(upload.id);
  release([...upload.parts.values()].map(({ file }) => file));
  sendEmpty(request.res, 204);
}

const leastPartBytes = 5 * 1024 ** 2;

export async function completeUpload(request: ObjectRequest): Promise<void> {
  const { req, res, bucket, key } = request;
  const upload = requireUpload(request);
  const parts = chosenParts(upload, await receiveText(req));
  checkWrite(req.headers, bucket.get(key));
  const files = parts.map(({ file }) => file);
  const digest = createHash('md5')
    .update(Buffer.concat(parts.map(({ md5 }) => md5)))
    .digest('hex');
  const object: StoredObject = {
    key,
    files,
    sizeBytes: sizeOf(files),
    etag: `"${digest}-${parts.length}"`,
    lastModified: new Date(),
    headers: upload.headers,
    checksums: await wholeChecksums(upload, parts),
    checksumType: upload.checksumType,
    parts: parts.map(({ file }) => ({ sizeBytes: file.sizeBytes })),
    documents: new Map(upload.documents),
  };
  bucket.uploads.delete(upload.id);
  release([...upload.parts.values()].filter((part) => !parts.includes(part)).map(({ file }) => file));
  bucket.put(object);
  sendXml(res, 'CompleteMultipartUploadResult', [
    element('Location', `http://${req.headers.host}/${bucket.name}/${encodeURIComponent(key)}`),
    element('Bucket', bucket.name),
    element('Key', key),
    element('ETag', object.etag),
    ...checksumElements(object.checksums),
  ]);
}

function chosenParts(upload: Upload, xml: string): readonly UploadedPart[] {
  const chosen = blocksOf(xml, 'Part').map((block) => ({
    partNumber: Number(textOf(block, 'PartNumber')),
    etag: (textOf(block, 'ETag') ?? '').replaceAll('"', ''),
  }));
  if (chosen.length === 0) throw new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed.');
  if (chosen.some(({ partNumber }, index) => partNumber <= (chosen[index - 1]?.partNumber ?? 0))) {
    throw new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
  }
  return chosen.map(({ partNumber, etag }, index) => {
    const part = upload.parts.get(partNumber);
    if (part?.md5.toString('hex') !== etag) {
      throw new S3Fault(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
    }
    if (index < chosen.length - 1 && part.file.sizeBytes < leastPartBytes) {
      throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    return part;
  });
}

// S3 user guide, "Checking object integrity", composite: the checksum of the parts' checksums, a dash, their number.
async function wholeChecksums(upload: Upload, parts: readonly UploadedPart[]): Promise<Checksums> {
  const name = upload.checksumAlgorithm;
  if (name === undefined || !isChecksumName(name)) return {};
  if (upload.checksumType === 'FULL_OBJECT') return { [name]: await fullChecksum(name, parts) };
  const values = parts.map(({ checksums }) => checksums[name]);
  if (values.includes(undefined)) return {};
  const running = startChecksum(name);
  for (const value of values) running.update(Buffer.from(value ?? '', 'base64'));
  return { [name]: `${running.digest().toString('base64')}-${parts.length}` };
}

async function fullChecksum(name: ChecksumName, parts: readonly UploadedPart[]): Promise<string> {
  const running = startChecksum(name);
  const files = parts.map(({ file }) => file);
  for await (const bytes of readFiles(files, { start: 0, end: sizeOf(files) })) running.update(bytes);
  return running.digest().toString('base64');
}

export async function listParts(request: ObjectRequest): Promise<void> {
  const { res, bucket, key, query } = request;
  const upload = requireUpload(request);
  const marker = Number(query.get('part-number-marker') ?? 0);
  const maxParts = Math.min(1_000, Number(query.get('max-parts') ?? 1_000));
  const all = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((left, right) => left.partNumber - right.partNumber);
  const page = all.slice(0, maxParts);
  sendXml(res, 'ListPartsResult', [
    element('Bucket', bucket.name),
    element('Key', key),
    element('UploadId', upload.id),
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', page.at(-1)?.partNumber ?? 0),
    element('MaxParts', maxParts),
    element('IsTruncated', all.length > page.length),
    ...page.map(({ partNumber, file, md5, lastModified, checksums }) =>
      element('Part', [
        element('PartNumber', partNumber),
        element('LastModified', lastModified.toISOString()),
        element('ETag', `"${md5.toString('hex')}"`),
        element('Size', file.sizeBytes),
        ...checksumElements(checksums),
      ]),
    ),
    element('StorageClass', 'STANDARD'),
  ]);
}

export async function listUploads({ res, bucket, query }: BucketRequest): Promise<void> {
  const prefix = query.get('prefix') ?? '';
  const uploads = [...bucket.uploads.values()].filter(({ key }) => key.startsWith(prefix));
  sendXml(res, 'ListMultipartUploadsResult', [
    element('Bucket', bucket.name),
    element('Prefix', prefix),
    element('MaxUploads', 1_000),
    element('IsTruncated', false),
    ...uploads.map(({ id, key, createdAt }) =>
      element('Upload', [
        element('Key', key),
        element('UploadId', id),
        element('Initiated', createdAt.toISOString()),
        element('StorageClass', 'STANDARD'),
      ]),
    ),
  ]);
}
