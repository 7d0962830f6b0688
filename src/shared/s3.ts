// The S3 client and the three things every part asks of S3: is it there (with proof), what is there (in order), read it.
// P8: absence is a 404 or a listing read to its end; anything else is thrown, never taken for absence.
import {
  type _Object,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import {
  booleanSetting,
  type Environment,
  optionalText,
  optionalUrl,
  portSetting,
  readSettings,
  textSetting,
} from './config.ts';
import { KeepsakeError } from './errors.ts';
import { compareKeys } from './key-order.ts';

/** Settings of S3, with the names people know. Spread into a part's own settings, whose `port` is another. */
export const s3Settings = {
  useLocalStack: booleanSetting('USE_LOCALSTACK', 'true for LocalStack or another emulator, false for AWS', {
    fallback: true,
  }),
  endpoint: optionalUrl(
    'AWS_S3_ENDPOINT_URL',
    'where S3 answers; default http://127.0.0.1:$S3_PORT with USE_LOCALSTACK, else AWS',
    ['http:', 'https:'],
  ),
  s3Port: portSetting('S3_PORT', 'port of the local S3', { fallback: 4566 }),
  accessKeyId: optionalText(
    'AWS_ACCESS_KEY_ID',
    'access key; default: test for LocalStack, the credential chain for AWS',
  ),
  secretAccessKey: optionalText('AWS_SECRET_ACCESS_KEY', 'secret key, with AWS_ACCESS_KEY_ID', { isSecret: true }),
  sessionToken: optionalText('AWS_SESSION_TOKEN', 'session token of temporary credentials', { isSecret: true }),
  bucket: textSetting('AWS_STORAGE_BUCKET_NAME', 'the bucket that holds the images', { fallback: 'my-test-bucket' }),
  region: textSetting('AWS_REGION', 'region of the bucket', { fallback: 'us-east-1' }),
} as const;

/** Where S3 is and who asks. `endpoint` undefined: AWS. `credentials` undefined: the SDK's default chain. */
export interface S3Config {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
}

/**
 * Reads the S3 settings.
 * @throws KeepsakeError `InvalidSettings` with all faults: half a key pair, a bucket name S3 can't have, a password in the endpoint.
 */
export function readS3Config(env: Environment): S3Config {
  const read = readSettings(env, s3Settings, ({ bucket, endpoint, accessKeyId, secretAccessKey }) => [
    ...(isBucketName(bucket)
      ? []
      : [
          {
            what: "AWS_STORAGE_BUCKET_NAME can't be a bucket's name",
            expected: '3 to 63 lowercase letters, digits, dots and hyphens',
            got: JSON.stringify(bucket),
            remedy: 'Set it to the name of your bucket, such as my-test-bucket.',
          },
        ]),
    ...(endpoint === undefined || (new URL(endpoint).username === '' && new URL(endpoint).password === '')
      ? []
      : [
          {
            what: 'AWS_S3_ENDPOINT_URL carries a user or a password',
            expected: 'a URL without them',
            remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.',
          },
        ]),
    ...((accessKeyId === undefined) === (secretAccessKey === undefined)
      ? []
      : [
          {
            what: 'half a key pair is set',
            expected: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, both or neither',
            remedy: 'Set the other one too, or unset both to use the default credential chain.',
          },
        ]),
  ]);
  const endpoint = read.endpoint ?? (read.useLocalStack ? `http://127.0.0.1:${read.s3Port}` : undefined);
  return Object.freeze({ endpoint, region: read.region, bucket: read.bucket, credentials: credentialsOf(read) });
}

interface CredentialSettings {
  readonly useLocalStack: boolean;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
}

function credentialsOf({
  useLocalStack,
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: CredentialSettings): S3Config['credentials'] {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  return useLocalStack ? { accessKeyId: 'test', secretAccessKey: 'test' } : undefined;
}

/** Whether S3 takes this as a bucket's name. Source: S3 user guide, "Bucket naming rules" (the rules that emulators share). */
export function isBucketName(name: string): boolean {
  return /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]$/.test(name) && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/** A client for one S3. Path style for any endpoint of one's own. The caller destroys it. */
export function createS3Client(
  { endpoint, region, credentials }: S3Config,
  options: { readonly maxAttempts?: number; readonly requestTimeoutMs?: number } = {},
): S3Client {
  const { maxAttempts = 3, requestTimeoutMs = 30_000 } = options;
  return new S3Client({
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 64 },
      httpsAgent: { maxSockets: 64 },
    },
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
  });
}

/** An S3 client bound to its bucket: what most functions take. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

export type ObjectHead =
  | { readonly kind: 'present'; readonly head: HeadObjectCommandOutput }
  | { readonly kind: 'absent' };

/**
 * Asks for one object's head. `absent` is proven by a 404 of the key itself while the bucket is there.
 * @throws KeepsakeError `S3Unavailable`, `S3AccessDenied`, `S3BucketMissing` or `S3BadAnswer`: then nothing is known.
 */
export async function headObject({ client, name }: Bucket, key: string, signal?: AbortSignal): Promise<ObjectHead> {
  try {
    return {
      kind: 'present',
      head: await client.send(
        new HeadObjectCommand({ Bucket: name, Key: key, ChecksumMode: 'ENABLED' }),
        abortable(signal),
      ),
    };
  } catch (error) {
    if (!isNotFound(error)) throw asS3Error(error, name);
    await assertBucket({ client, name }, signal); // P8: a HEAD's 404 has no body: it says the same of a lost bucket
    return { kind: 'absent' };
  }
}

/** @throws KeepsakeError `S3BucketMissing` when the bucket is not there, or another S3 error when that isn't known. */
export async function assertBucket({ client, name }: Bucket, signal?: AbortSignal): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }), abortable(signal));
  } catch (error) {
    throw isNotFound(error) ? bucketMissing(name, error) : asS3Error(error, name);
  }
}

/** One object of a listing. `etag` without quotes. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * All objects under `prefix`, in key order, page by page; ends only after the last page was read.
 * @throws KeepsakeError `ListingUnordered` when a key repeats or goes back; `S3BadAnswer` when a page says there is
 *   more but not where; other S3 errors as they come. Whoever sees an error knows only what came before it.
 */
export async function* listObjects(
  { client, name }: Bucket,
  options: { readonly prefix: string; readonly startAfter?: string; readonly signal?: AbortSignal },
): AsyncGenerator<ListedObject, void, void> {
  let previous = options.startAfter;
  let token: string | undefined;
  do {
    const page = await client
      .send(
        new ListObjectsV2Command({
          Bucket: name,
          Prefix: options.prefix,
          StartAfter: token ? undefined : options.startAfter,
          ContinuationToken: token,
          EncodingType: 'url',
        }),
        abortable(options.signal),
      )
      .catch((error: unknown) => {
        throw asS3Error(error, name);
      });
    for (const entry of page.Contents ?? []) {
      const object = listedObject(entry, page.EncodingType === 'url');
      if (previous !== undefined && compareKeys(previous, object.key) >= 0) throw unordered(previous, object.key);
      previous = object.key;
      yield object;
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && !token)
      throw new KeepsakeError('S3BadAnswer', {
        what: 'the listing says that there is more, but not where',
        expected: 'NextContinuationToken with IsTruncated',
        remedy: 'Try again; if it stays, check what stands in front of S3.',
      });
  } while (token);
}

function listedObject({ Key, Size, ETag, LastModified }: _Object, isEncoded: boolean): ListedObject {
  if (Key === undefined || Size === undefined || LastModified === undefined) {
    throw new KeepsakeError('S3BadAnswer', {
      what: 'an entry of the listing lacks its key, size or time',
      got: JSON.stringify({ Key, Size, LastModified }),
      remedy: 'Check what stands in front of S3.',
    });
  }
  return {
    key: isEncoded ? decodeListedKey(Key) : Key,
    sizeBytes: Size,
    etag: (ETag ?? '').replaceAll('"', ''),
    lastModified: LastModified,
  };
}

// EncodingType=url, when the answer says it was applied (some emulators ignore it): percent-encoded UTF-8, with '+' for
// a space as HTML forms have it; a real plus comes as %2B.
function decodeListedKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (error) {
    throw new KeepsakeError(
      'S3BadAnswer',
      {
        what: "a key of the listing can't be decoded",
        expected: 'percent-encoded UTF-8',
        got: JSON.stringify(encoded),
        remedy: 'Check what stands in front of S3.',
      },
      error,
    );
  }
}

function unordered(previous: string, key: string): KeepsakeError {
  return new KeepsakeError('ListingUnordered', {
    what: 'the listing of S3 is not in key order',
    expected: `a key after ${JSON.stringify(previous)}`,
    got: JSON.stringify(key),
    remedy: 'Nothing can be proven from it; use an S3 that lists by UTF-8 bytes.',
  });
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

/** Whether S3 itself answered 404. A proxy's 404 without S3's error code counts only for HEAD, which has no body. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof S3ServiceException &&
    (error.name === 'NotFound' || error.name === 'NoSuchKey' || error.name === 'NoSuchBucket')
  );
}

/** What the SDK throws, as an error of the catalogue with its remedy. */
export function asS3Error(error: unknown, bucket: string): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  if (!(error instanceof S3ServiceException)) {
    return new KeepsakeError(
      'S3Unavailable',
      {
        what: "S3 can't be reached",
        got: reasonOf(error),
        remedy: 'Check that S3 runs and that AWS_S3_ENDPOINT_URL names it (npm run doctor).',
      },
      error,
    );
  }
  const status = error.$metadata.httpStatusCode ?? 0;
  if (error.name === 'NoSuchBucket') return bucketMissing(bucket, error);
  if (status === 401 || status === 403) {
    return new KeepsakeError(
      'S3AccessDenied',
      {
        what: `S3 refused access to the bucket ${bucket}`,
        got: `${status} ${error.name}`,
        remedy: 'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the policy of the bucket.',
      },
      error,
    );
  }
  if (status === 507) {
    return new KeepsakeError(
      'DiskFull',
      {
        what: 'S3 has no room left',
        got: error.message,
        remedy: 'Make room on the disk of S3; reading and deleting go on meanwhile.',
      },
      error,
    );
  }
  if (status >= 500 || status === 429 || error.$retryable) {
    return new KeepsakeError(
      'S3Unavailable',
      { what: 'S3 could not answer', got: `${status} ${error.name}`, remedy: 'Try again in a moment.' },
      error,
    );
  }
  return new KeepsakeError(
    'S3BadAnswer',
    {
      what: 'S3 refused the request',
      got: `${status} ${error.name}: ${error.message}`,
      remedy: 'See the log for the request.',
    },
    error,
  );
}

function bucketMissing(bucket: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'S3BucketMissing',
    {
      what: `the bucket ${bucket} does not exist`,
      remedy: 'Create it, or set AWS_STORAGE_BUCKET_NAME to the one you mean.',
    },
    cause,
  );
}

/** The innermost reason of a network error, in words: `connect ECONNREFUSED 127.0.0.1:4566`. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}
