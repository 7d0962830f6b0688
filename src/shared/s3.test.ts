// On the in-process S3; S3's fine points stand in test/integration/, on LocalStack. Faults are put into its answers.
import { CreateBucketCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portSetting, readSettings } from './config.ts';
import {
  asS3Error,
  type Bucket,
  createS3Client,
  headObject,
  isBucketName,
  listObjects,
  readS3Config,
  s3Settings,
} from './s3.ts';

let server: FauxqsServer;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const bucket = open();
  await bucket.client.send(new CreateBucketCommand({ Bucket: bucket.name }));
  for (const name of ['a', 'b', 'c'])
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: `images/${name} +é`, Body: name }));
});
afterAll(() => server.stop());

const configFor = (env: Record<string, string> = {}) =>
  readS3Config({
    AWS_S3_ENDPOINT_URL: `http://127.0.0.1:${server.port}`,
    AWS_STORAGE_BUCKET_NAME: 'shared-s3',
    ...env,
  });

function open(env: Record<string, string> = {}): Bucket {
  const config = configFor(env);
  return { client: createS3Client(config, { maxAttempts: 1 }), name: config.bucket };
}

/** A bucket whose listings pass through `alter` before the caller sees them. */
function withAlteredListing(alter: (output: Record<string, unknown>) => void): Bucket {
  const bucket = open();
  bucket.client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      alter(result.output as unknown as Record<string, unknown>);
      return result;
    },
    { step: 'initialize', priority: 'high' },
  );
  return bucket;
}

const keysOf = async (bucket: Bucket) =>
  (await Array.fromAsync(listObjects(bucket, { prefix: 'images/' }))).map(({ key }) => key);

test('lists all objects in order, keys decoded', async () => {
  expect(await keysOf(open())).toEqual(['images/a +é', 'images/b +é', 'images/c +é']);
});

test('throws on a listing that goes back', async () => {
  const bucket = withAlteredListing((output) => (output.Contents as unknown[]).reverse());
  await expect(keysOf(bucket)).rejects.toMatchObject({ code: 'ListingUnordered' });
});

test('throws on a listing that says there is more, but not where', async () => {
  const bucket = withAlteredListing((output) =>
    Object.assign(output, { IsTruncated: true, NextContinuationToken: undefined }),
  );
  await expect(keysOf(bucket)).rejects.toMatchObject({ code: 'S3BadAnswer' });
});

test('an object is absent only on a 404 from a bucket that is there', async () => {
  expect(await headObject(open(), 'images/a +é')).toMatchObject({ kind: 'present', head: { ContentLength: 1 } });
  expect(await headObject(open(), 'images/none')).toEqual({ kind: 'absent' });
  await expect(headObject(open({ AWS_STORAGE_BUCKET_NAME: 'not-there' }), 'images/none')).rejects.toMatchObject({
    code: 'S3BucketMissing',
  });
});

test('an S3 that does not answer is no absence', async () => {
  const bucket = open({ AWS_S3_ENDPOINT_URL: 'http://127.0.0.1:1' });
  await expect(headObject(bucket, 'images/a')).rejects.toMatchObject({
    code: 'S3Unavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  await expect(keysOf(bucket)).rejects.toMatchObject({ code: 'S3Unavailable' });
});

test.each([
  [
    'LocalStack by default',
    {},
    { endpoint: 'http://127.0.0.1:4566', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  ],
  ['another port', { S3_PORT: '9000' }, { endpoint: 'http://127.0.0.1:9000' }],
  ['AWS and its credential chain', { USE_LOCALSTACK: 'false' }, { endpoint: undefined, credentials: undefined }],
  [
    'AWS with keys',
    { USE_LOCALSTACK: 'false', AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' },
    { credentials: { accessKeyId: 'k', secretAccessKey: 's' } },
  ],
])('settings: %s', (_name, env, expected) => {
  expect(readS3Config(env)).toMatchObject(expected);
});

test.each([
  [{ AWS_ACCESS_KEY_ID: 'k' }, 'half a key pair'],
  [{ AWS_STORAGE_BUCKET_NAME: 'My_Bucket' }, "can't be a bucket's name"],
  [{ AWS_S3_ENDPOINT_URL: 'localhost:4566' }, 'a URL that begins with http://'],
])('refuses %j', (env, message) => {
  expect(() => readS3Config(env)).toThrow(message);
});

test.each([
  ['my-test-bucket', true],
  ['a.b', true],
  ['ab', false],
  ['a..b', false],
  ['-ab', false],
  ['10.0.0.1', false],
  ['x'.repeat(64), false],
])('%s as a bucket name: %s', (name, isGood) => {
  expect(isBucketName(name)).toBe(isGood);
});

test("S3_PORT and a part's own PORT are two settings", () => {
  const settings = { port: portSetting('PORT', 'port of a part', { fallback: 8080 }), ...s3Settings };
  expect(readSettings({ PORT: '1234', S3_PORT: '5678' }, settings)).toMatchObject({ port: 1234, s3Port: 5678 });
});

test('refuses an endpoint that carries a password, without showing it: errors and reports name endpoints', () => {
  const read = () => readS3Config({ AWS_S3_ENDPOINT_URL: 'http://me:s3cret@host:1' });
  expect(read).toThrow(/AWS_S3_ENDPOINT_URL carries a user or a password.*AWS_SECRET_ACCESS_KEY/);
  expect(read).not.toThrow(/s3cret/);
});

test('an S3 without room says so, and is not taken for one that is away', () => {
  const full = new S3ServiceException({
    name: 'InsufficientStorage',
    $fault: 'server',
    message: 'the disk is nearly full. Make room on it.',
    $metadata: { httpStatusCode: 507 },
  });
  const error = asS3Error(full, 'photos');
  expect(error).toMatchObject({ code: 'DiskFull', status: 507, kind: 'person' });
  expect(error.message).toContain('Make room on it');
});
