// The settings of S3, what they mean when unset, and what is refused.
import { expect, test } from 'vitest';
import { portSetting, readSettings } from '../config.ts';
import { isBucketName, readS3Config, s3Settings } from './settings.ts';

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
