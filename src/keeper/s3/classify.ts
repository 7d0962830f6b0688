// The meaning of a request: one pure table from method, target and headers to an operation. P2: a request that might
// change something and isn't known here is refused, so no change passes through unsaved.
import type { IncomingHttpHeaders } from 'node:http';
import type { Target } from './target.ts';

export type Operation =
  /** Changes nothing: passed through. `what` tells which answers name things of ours. */
  | { readonly kind: 'read'; readonly what: 'any' | 'list-buckets' | 'list-uploads' | 'upload' }
  | { readonly kind: 'create-bucket' }
  | { readonly kind: 'delete-bucket' }
  | { readonly kind: 'put-bucket-setting'; readonly name: string }
  | { readonly kind: 'delete-bucket-setting'; readonly name: string }
  | { readonly kind: 'put-object' }
  | { readonly kind: 'copy-object' }
  | { readonly kind: 'delete-object' }
  | { readonly kind: 'delete-objects' }
  | { readonly kind: 'put-object-setting'; readonly name: string }
  | { readonly kind: 'delete-object-setting'; readonly name: string }
  | { readonly kind: 'post-form' }
  | { readonly kind: 'create-upload' }
  | { readonly kind: 'upload-part'; readonly uploadId: string; readonly partNumber: number }
  | { readonly kind: 'upload-part-copy'; readonly uploadId: string; readonly partNumber: number }
  | { readonly kind: 'complete-upload'; readonly uploadId: string }
  | { readonly kind: 'abort-upload'; readonly uploadId: string }
  | { readonly kind: 'refused'; readonly what: string; readonly remedy: string };

/** Sub-resources of a bucket that are kept: their PUT is repeated on restore. Those with an id are one setting an id. */
const bucketSettings = new Set([
  ...['acl', 'accelerate', 'cors', 'encryption', 'lifecycle', 'logging', 'notification', 'ownershipControls', 'policy'],
  ...['publicAccessBlock', 'requestPayment', 'tagging', 'website'],
]);
const bucketSettingsWithId = new Set(['analytics', 'intelligent-tiering', 'inventory', 'metrics']);
const objectSettings = new Set(['acl', 'tagging']);
/** Those that S3 can delete. An emulator takes a DELETE of another one, such as ?acl, for a DELETE of the whole bucket or object. */
export const deletableBucketSettings: ReadonlySet<string> = new Set([
  ...['cors', 'encryption', 'lifecycle', 'ownershipControls', 'policy', 'publicAccessBlock', 'tagging', 'website'],
]);

/** Facts about a bucket beside its settings, which tell nothing of its contents. */
const bucketFacts = new Set(['location', 'versioning', 'object-lock', 'replication', 'policyStatus']);

/** Query names that say nothing about what is asked, beside all that begin with `x-` (signatures, SDK's `x-id`). */
const neutralQuery = new Set(['AWSAccessKeyId', 'Signature', 'Expires']);

const versioned = {
  what: 'the keeper keeps one current version of a key',
  remedy:
    'Use a bucket without versioning, object lock and replication; overwritten objects can be had back by keepsake keeper restore.',
} as const;

/** The operation a request asks for. Pure: the same input, the same answer. */
export function classify(method: string, target: Target, headers: IncomingHttpHeaders): Operation {
  const foreign = otherService(target, headers);
  if (foreign !== undefined) return foreign;
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return classifyRead(target);
    case 'PUT':
      return classifyPut(target, headers);
    case 'POST':
      return classifyPost(target, headers);
    case 'DELETE':
      return classifyDelete(target, headers);
    default:
      return refused(`the method ${method} is not one of S3's`);
  }
}

/** Whether a GET asks about the bucket itself, not for a listing of what is in it. */
export function isBucketQuestion({ query }: Target): boolean {
  const names = meaningful(query);
  const [name] = names;
  if (names.length === 1 && name !== undefined && bucketFacts.has(name)) return true;
  return settingName(names, query, bucketSettings) !== undefined;
}

function classifyRead({ bucket, key, query }: Target): Operation {
  if (bucket === '') return { kind: 'read', what: 'list-buckets' };
  if (key === '') return { kind: 'read', what: query?.has('uploads') ? 'list-uploads' : 'any' };
  return { kind: 'read', what: query?.has('uploadId') ? 'upload' : 'any' };
}

function classifyPut({ bucket, key, query }: Target, headers: IncomingHttpHeaders): Operation {
  if (!isBucket(bucket)) return refused('a PUT outside of any bucket is no call of S3');
  const hard = refusedHeader(headers);
  if (hard !== undefined) return hard;
  const names = meaningful(query);
  if (key === '') {
    if (names.length === 0) return { kind: 'create-bucket' };
    const name = settingName(names, query, bucketSettings);
    return name === undefined ? refusedQuery(names) : { kind: 'put-bucket-setting', name };
  }
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  if (names.length === 0) return { kind: isCopy ? 'copy-object' : 'put-object' };
  const part = partOf(names, query);
  if (part !== undefined) return { kind: isCopy ? 'upload-part-copy' : 'upload-part', ...part };
  const [name] = names;
  if (names.length === 1 && name !== undefined && objectSettings.has(name)) return { kind: 'put-object-setting', name };
  return refusedQuery(names);
}

function classifyPost({ bucket, key, query }: Target, headers: IncomingHttpHeaders): Operation {
  if (!isBucket(bucket)) return refused('a POST outside of any bucket is no call of S3');
  const hard = refusedHeader(headers);
  if (hard !== undefined) return hard;
  const names = meaningful(query);
  const [name] = names;
  if (key === '' && names.length === 1 && name === 'delete') return { kind: 'delete-objects' };
  if (key === '' && names.length === 0 && /^multipart\/form-data/i.test(headers['content-type'] ?? ''))
    return { kind: 'post-form' };
  if (key === '') return refusedQuery(names);
  if (names.length === 1 && name === 'uploads') return { kind: 'create-upload' };
  const uploadId = query?.get('uploadId');
  if (names.length === 1 && uploadId) return { kind: 'complete-upload', uploadId };
  if (names.includes('select')) return { kind: 'read', what: 'any' };
  return refusedQuery(names);
}

function classifyDelete({ bucket, key, query }: Target, headers: IncomingHttpHeaders): Operation {
  if (!isBucket(bucket)) return refused('a DELETE outside of any bucket is no call of S3');
  const hard = refusedHeader(headers);
  if (hard !== undefined) return hard;
  const names = meaningful(query);
  if (key === '') {
    if (names.length === 0) return { kind: 'delete-bucket' };
    const name = settingName(names, query, deletableBucketSettings);
    return name === undefined ? refusedQuery(names) : { kind: 'delete-bucket-setting', name };
  }
  const [name] = names;
  if (names.length === 0) return { kind: 'delete-object' };
  const uploadId = query?.get('uploadId');
  if (names.length === 1 && uploadId) return { kind: 'abort-upload', uploadId };
  // Without versioning there is one version, and S3 calls it null.
  if (names.length === 1 && name === 'versionId' && query?.get('versionId') === 'null')
    return { kind: 'delete-object' };
  if (names.length === 1 && name === 'tagging') return { kind: 'delete-object-setting', name };
  return refusedQuery(names);
}

// Bucket names begin with a letter or digit; what begins with an underscore is the emulator's own API.
function isBucket(bucket: string): boolean {
  return bucket !== '' && !bucket.startsWith('_');
}

function meaningful(query: Target['query']): readonly string[] {
  if (query === undefined) return [];
  return [...query.keys()].filter((name) => !/^x-/i.test(name) && !neutralQuery.has(name));
}

function settingName(names: readonly string[], query: Target['query'], known: ReadonlySet<string>): string | undefined {
  const [name] = names;
  if (names.length === 1 && name !== undefined && known.has(name)) return name;
  const withId = names.find((one) => bucketSettingsWithId.has(one));
  const id = query?.get('id');
  if (names.length === 2 && withId !== undefined && id) return `${withId}&id=${encodeURIComponent(id)}`;
  return undefined;
}

function partOf(
  names: readonly string[],
  query: Target['query'],
): { readonly uploadId: string; readonly partNumber: number } | undefined {
  const uploadId = query?.get('uploadId');
  const partNumber = query?.get('partNumber') ?? '';
  if (names.length !== 2 || !uploadId || !/^\d{1,5}$/.test(partNumber)) return undefined;
  return { uploadId, partNumber: Number(partNumber) };
}

const lockHeaders = [
  'x-amz-bucket-object-lock-enabled',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
] as const;

function refusedHeader(headers: IncomingHttpHeaders): Operation | undefined {
  const lock = lockHeaders.find((name) => headers[name] !== undefined && headers[name] !== 'false');
  if (lock !== undefined) return { kind: 'refused', what: `${lock}: ${versioned.what}`, remedy: versioned.remedy };
  if (
    headers['x-amz-server-side-encryption-customer-key'] !== undefined ||
    headers['x-amz-copy-source-server-side-encryption-customer-key'] !== undefined
  )
    return {
      kind: 'refused',
      what: "a customer's encryption key must not be written down, and without it the object can't be put back",
      remedy: 'Use SSE-S3 or SSE-KMS with the keeper.',
    };
  if (headers['x-amz-write-offset-bytes'] !== undefined)
    return refused("appending to an object is a call of directory buckets, which the keeper doesn't keep");
  return undefined;
}

// LocalStack serves other services on the same port, told apart by these (aws/protocol/service_router.py).
function otherService({ bucket, query }: Target, headers: IncomingHttpHeaders): Operation | undefined {
  const { authorization = '' } = headers;
  const at = authorization.indexOf('Credential=');
  const credential =
    at < 0 ? query?.get('X-Amz-Credential') : authorization.slice(at + 'Credential='.length).split(/[,\s]/, 1)[0];
  const service = credential?.split('/').at(-2);
  const isOther =
    (service !== undefined && service !== 's3') ||
    headers['x-amz-target'] !== undefined ||
    headers['smithy-protocol'] !== undefined ||
    query?.has('Action') ||
    bucket === 'v20180820';
  if (!isOther) return undefined;
  return {
    kind: 'refused',
    what: `the keeper keeps S3 only, and this is a call of ${service && service !== 's3' ? service : 'another service'}`,
    remedy: 'Send calls of other services to the emulator itself.',
  };
}

function refusedQuery(names: readonly string[]): Operation {
  const versionedName = names.find((name) =>
    ['versioning', 'versionId', 'object-lock', 'legal-hold', 'retention', 'replication'].includes(name),
  );
  if (versionedName !== undefined)
    return { kind: 'refused', what: `?${versionedName}: ${versioned.what}`, remedy: versioned.remedy };
  return refused(`the keeper does not know how to keep the effect of ?${names.join('&')}`);
}

function refused(what: string): Operation {
  return {
    kind: 'refused',
    what,
    remedy: 'Send it to the emulator itself if it need not outlive the emulator.',
  };
}
