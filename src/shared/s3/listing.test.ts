// On the in-process S3; S3's fine points stand in test/integration/, on LocalStack. Faults are put into its answers.
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bucket, createS3Client, headObject } from './client.ts';
import { listObjects } from './listing.ts';
import { readS3Config } from './settings.ts';

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
