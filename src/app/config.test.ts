import { expect, test } from 'vitest';
import { readAppConfig } from './config.ts';

const env = { DATABASE_URL: 'postgres://user:s3cret@db:5432/app?password=s3cret' };

test('has defaults for all but the database', () => {
  expect(readAppConfig(env)).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    maxUploadBytes: 100 * 1024 ** 2,
    uploadGraceMs: 3_600_000,
    s3: { bucket: 'my-test-bucket' },
  });
});

test('names every fault at once', () => {
  const read = () => readAppConfig({ ...env, PORT: 'x', MAX_UPLOAD_SIZE: 'big', AWS_S3_ENDPOINT_URL: 'nowhere' });
  expect(read).toThrow(/PORT[\s\S]*MAX_UPLOAD_SIZE[\s\S]*AWS_S3_ENDPOINT_URL/);
});

test('shows no secret, and where each value came from', () => {
  const secrets = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 's3cret', AWS_SESSION_TOKEN: 's3cret' };
  const { shown } = readAppConfig({ ...env, ...secrets, AWS_S3_ENDPOINT_URL: 'http://host:1/' });
  expect(JSON.stringify(shown)).not.toContain('s3cret');
  const byName = Object.fromEntries(shown.map(({ name, value, source }) => [name, [value, source]]));
  expect(byName).toMatchObject({
    DATABASE_URL: ['postgres://user:***@db:5432/app', 'environment'],
    AWS_SECRET_ACCESS_KEY: ['***', 'environment'],
    AWS_S3_ENDPOINT_URL: ['http://host:1/', 'environment'],
    PORT: ['8080', 'default'],
  });
});
