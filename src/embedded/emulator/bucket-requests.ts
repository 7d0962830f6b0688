// Requests about a bucket: create, delete, list, delete many, and its documents (CORS, policy, lifecycle…).

import { blocksOf, isPlainXml, textOf } from '../../keeper/s3/xml.ts';
import { isBucketName } from '../../shared/s3/settings.ts';
import { element, S3Fault, sendEmpty, sendXml } from './answers.ts';
import { listPage } from './listing.ts';
import { emptyDocument, sendDocument } from './object-requests.ts';
import { receiveText } from './receive-body.ts';
import type { BucketRequest, EmulatorRequest } from './request.ts';
import { Bucket, type StoredObject } from './state.ts';

export async function listBuckets({ res, state }: EmulatorRequest): Promise<void> {
  const buckets = [...state.buckets.values()].map(({ name, createdAt }) =>
    element('Bucket', [element('Name', name), element('CreationDate', createdAt.toISOString())]),
  );
  sendXml(res, 'ListAllMyBucketsResult', [
    element('Owner', [element('ID', 'embedded'), element('DisplayName', 'embedded')]),
    element('Buckets', buckets.toSorted()),
  ]);
}

export async function createBucket({ req, res, state }: EmulatorRequest, name: string): Promise<void> {
  const region = textOf(await receiveText(req), 'LocationConstraint') ?? 'us-east-1';
  if (!isBucketName(name)) throw new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.');
  if (state.buckets.has(name) && region !== 'us-east-1') {
    throw new S3Fault(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.');
  }
  if (!state.buckets.has(name)) state.buckets.set(name, new Bucket(name, region));
  sendEmpty(res, 200, { location: `/${name}` });
}

export async function headBucket({ res, bucket }: BucketRequest): Promise<void> {
  sendEmpty(res, 200, { 'x-amz-bucket-region': bucket.region });
}

export async function deleteBucket({ res, bucket, state }: BucketRequest): Promise<void> {
  if (bucket.keys.length > 0) throw new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
  state.buckets.delete(bucket.name);
  sendEmpty(res, 204);
}

export async function bucketLocation({ res, bucket }: BucketRequest): Promise<void> {
  sendXml(res, 'LocationConstraint', [bucket.region === 'us-east-1' ? '' : bucket.region]);
}

export async function listObjectsV1({ res, bucket, query }: BucketRequest): Promise<void> {
  const marker = query.get('marker') ?? '';
  const { options, head, encode, page } = readListing({ bucket, query }, marker);
  sendXml(res, 'ListBucketResult', [
    ...head,
    element('Marker', encode(marker)),
    ...(page.isTruncated && options.delimiter ? [element('NextMarker', encode(page.last))] : []),
    ...contents(bucket, page.keys, encode),
    ...prefixes(page.commonPrefixes, encode),
  ]);
}

export async function listObjectsV2({ res, bucket, query }: BucketRequest): Promise<void> {
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString('utf8');
  const { head, encode, page } = readListing({ bucket, query }, after);
  sendXml(res, 'ListBucketResult', [
    ...head,
    element('KeyCount', page.keys.length + page.commonPrefixes.length),
    ...(startAfter ? [element('StartAfter', encode(startAfter))] : []),
    ...(token ? [element('ContinuationToken', token)] : []),
    ...(page.isTruncated ? [element('NextContinuationToken', Buffer.from(page.last).toString('base64url'))] : []),
    ...contents(bucket, page.keys, encode),
    ...prefixes(page.commonPrefixes, encode),
  ]);
}

function readListing({ bucket, query }: Pick<BucketRequest, 'bucket' | 'query'>, after: string) {
  const maxKeys = Math.min(1_000, Number(query.get('max-keys') ?? 1_000));
  if (!Number.isInteger(maxKeys) || maxKeys < 0) throw new S3Fault(400, 'InvalidArgument', 'max-keys is no number');
  const options = { prefix: query.get('prefix') ?? '', delimiter: query.get('delimiter') ?? '', after, maxKeys };
  const isEncoded = query.get('encoding-type') === 'url';
  const encode = (text: string): string => (isEncoded ? encodeKey(text) : text);
  const page = listPage(bucket.keys, options);
  const head = [
    element('Name', bucket.name),
    element('Prefix', encode(options.prefix)),
    element('MaxKeys', maxKeys),
    element('IsTruncated', page.isTruncated),
    ...(options.delimiter ? [element('Delimiter', encode(options.delimiter))] : []),
    ...(isEncoded ? [element('EncodingType', 'url')] : []),
  ];
  return { options, head, encode, page };
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function contents(bucket: Bucket, keys: readonly string[], encode: (key: string) => string): string[] {
  return keys
    .map((key) => bucket.require(key))
    .map((object: StoredObject) =>
      element('Contents', [
        element('Key', encode(object.key)),
        element('LastModified', object.lastModified.toISOString()),
        element('ETag', object.etag),
        ...Object.keys(object.checksums).map((name) => element('ChecksumAlgorithm', name.toUpperCase())),
        element('Size', object.sizeBytes),
        element('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD'),
      ]),
    );
}

function prefixes(commonPrefixes: readonly string[], encode: (key: string) => string): string[] {
  return commonPrefixes.map((prefix) => element('CommonPrefixes', [element('Prefix', encode(prefix))]));
}

export async function deleteObjects({ req, res, bucket }: BucketRequest): Promise<void> {
  const xml = await receiveText(req);
  const keys = blocksOf(xml, 'Object').map((block) => textOf(block, 'Key'));
  if (!isPlainXml(xml) || keys.length === 0 || keys.length > 1_000 || keys.includes(undefined)) {
    throw new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed.');
  }
  const named = keys.filter((key) => key !== undefined);
  for (const key of named) bucket.delete(key);
  const isQuiet = textOf(xml, 'Quiet') === 'true';
  sendXml(res, 'DeleteResult', isQuiet ? [] : named.map((key) => element('Deleted', [element('Key', key)])));
}

// Documents whose absence is an error of its own (S3 API reference, "Error responses").
const absent: Readonly<Record<string, readonly [string, string]>> = {
  cors: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
  encryption: [
    'ServerSideEncryptionConfigurationNotFoundError',
    'The server side encryption configuration was not found',
  ],
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  ownershipControls: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  publicAccessBlock: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  website: ['NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'],
};

/** Roots of documents that are empty, not absent, where nothing was put. */
const emptyRoots: Readonly<Record<string, string>> = {
  accelerate: 'AccelerateConfiguration',
  logging: 'BucketLoggingStatus',
  notification: 'NotificationConfiguration',
  requestPayment: 'RequestPaymentConfiguration',
  versioning: 'VersioningConfiguration',
};

/** Names of documents a bucket can have. */
export const bucketDocuments: readonly string[] = [...Object.keys(absent), ...Object.keys(emptyRoots), 'acl'];

export async function bucketDocument({ req, res, bucket }: BucketRequest, name: string): Promise<void> {
  if (req.method === 'PUT') {
    bucket.documents.set(name, await receiveText(req));
    sendEmpty(res, name === 'policy' ? 204 : 200);
  } else if (req.method === 'DELETE') {
    bucket.documents.delete(name);
    sendEmpty(res, 204);
  } else {
    const document = bucket.documents.get(name);
    const root = emptyRoots[name];
    const [code, message] = absent[name] ?? [];
    if (document !== undefined) sendDocument(res, document);
    else if (root) sendXml(res, root, []);
    else if (code && message) throw new S3Fault(404, code, message);
    else sendDocument(res, emptyDocument(name));
  }
}
