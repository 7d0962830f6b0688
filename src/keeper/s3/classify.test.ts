import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { classify } from './classify.ts';
import { parseTarget } from './target.ts';

const kindOf = (request: string, headers: IncomingHttpHeaders = {}) => {
  const [method = '', url = ''] = request.split(' ');
  const target = parseTarget(url, 'localhost', 'before-s3');
  if (target === undefined) throw new Error(`no target: ${url}`);
  return classify(method, target, headers);
};

test.each([
  ['GET /', { kind: 'read', what: 'list-buckets' }],
  ['GET /b?list-type=2', { kind: 'read', what: 'any' }],
  ['GET /b?uploads', { kind: 'read', what: 'list-uploads' }],
  ['GET /b/k', { kind: 'read', what: 'any' }],
  ['HEAD /b/k', { kind: 'read', what: 'any' }],
  ['OPTIONS /b/k', { kind: 'read', what: 'any' }],
  ['GET /b/k?uploadId=u', { kind: 'read', what: 'upload' }],
  ['GET /_localstack/health', { kind: 'read', what: 'any' }],
  ['PUT /b', { kind: 'create-bucket' }],
  ['PUT /b/', { kind: 'create-bucket' }],
  ['PUT /b?cors', { kind: 'put-bucket-setting', name: 'cors' }],
  ['PUT /b?inventory&id=a%20b', { kind: 'put-bucket-setting', name: 'inventory&id=a%20b' }],
  ['PUT /b/k', { kind: 'put-object' }],
  ['PUT /b/k?x-id=PutObject', { kind: 'put-object' }],
  ['PUT /b/k?X-Amz-Signature=s&X-Amz-Expires=9', { kind: 'put-object' }],
  ['PUT /b/k?AWSAccessKeyId=a&Signature=s&Expires=9', { kind: 'put-object' }],
  ['PUT /b/k?tagging', { kind: 'put-object-setting', name: 'tagging' }],
  ['PUT /b/k?acl', { kind: 'put-object-setting', name: 'acl' }],
  ['PUT /b/k?partNumber=7&uploadId=u', { kind: 'upload-part', uploadId: 'u', partNumber: 7 }],
  ['POST /b?delete', { kind: 'delete-objects' }],
  ['POST /b/?delete', { kind: 'delete-objects' }],
  ['POST /b/k?uploads', { kind: 'create-upload' }],
  ['POST /b/k?uploadId=u', { kind: 'complete-upload', uploadId: 'u' }],
  ['POST /b/k?select&select-type=2', { kind: 'read', what: 'any' }],
  ['DELETE /b', { kind: 'delete-bucket' }],
  ['DELETE /b?policy', { kind: 'delete-bucket-setting', name: 'policy' }],
  ['DELETE /b/k', { kind: 'delete-object' }],
  ['DELETE /b/k?versionId=null', { kind: 'delete-object' }],
  ['DELETE /b/k?tagging', { kind: 'delete-object-setting', name: 'tagging' }],
  ['DELETE /b/k?uploadId=u', { kind: 'abort-upload', uploadId: 'u' }],
])('%s', (request, expected) => {
  expect(kindOf(request)).toEqual(expected);
});

test('tells copies and forms by their headers', () => {
  const copy = { 'x-amz-copy-source': '/b/other' };
  expect(kindOf('PUT /b/k', copy)).toEqual({ kind: 'copy-object' });
  expect(kindOf('PUT /b/k?partNumber=1&uploadId=u', copy)).toMatchObject({ kind: 'upload-part-copy', partNumber: 1 });
  expect(kindOf('POST /b', { 'content-type': 'multipart/form-data; boundary=x' })).toEqual({ kind: 'post-form' });
});

test.each([
  'PUT /b?versioning',
  'PUT /b?object-lock',
  'PUT /b?replication',
  'PUT /b/k?retention',
  'PUT /b/k?legal-hold',
  'PUT /b/k?uploadId=u',
  'PUT /b/k?partNumber=x&uploadId=u',
  'PUT /b/k?tagging&versionId=v',
  'PUT /b/k?renameObject',
  'PUT /b?cors&policy',
  'PUT /b?somethingNew',
  'PUT /',
  'PUT /_localstack/health',
  'POST /_localstack/health',
  'POST /b',
  'POST /b/k',
  'POST /b/k?restore',
  'POST /',
  'DELETE /',
  'DELETE /b/k?versionId=v',
  'DELETE /b?acl',
  'DELETE /b/k?acl',
  'PATCH /b/k',
  'MOVE /b/k',
  'GET /?Action=CreateQueue',
])('refuses %s: what it would change could not be kept', (request) => {
  expect(kindOf(request)).toMatchObject({ kind: 'refused' });
});

test.each([
  [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }],
  [{ 'x-amz-server-side-encryption-customer-key': 'a2V5' }],
  [{ 'x-amz-write-offset-bytes': '3' }],
  [{ 'x-amz-target': 'DynamoDB_20120810.PutItem' }],
  [{ authorization: 'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sqs/aws4_request, Signature=0' }],
])('refuses a PUT with %j', (headers) => {
  expect(kindOf('PUT /b/k', headers)).toMatchObject({ kind: 'refused' });
});

test('every refusal says what is refused and what to do', () => {
  for (const request of ['PUT /b?versioning', 'PUT /b?somethingNew', 'PATCH /b/k'])
    expect(kindOf(request)).toMatchObject({ what: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\.$/) });
});
