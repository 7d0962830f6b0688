// The SDK's errors, told as errors of the catalogue.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { asS3Error } from './errors.ts';

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
