import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { parseTarget } from '../s3/target.ts';
import { variantOf } from './request-variant.ts';

const scope = (key: string, day = '20260101', region = 'us-east-1', service = 's3') =>
  `AWS4-HMAC-SHA256 Credential=${key}/${day}/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

function nameOf(given: { method?: string; url?: string; httpVersionMinor?: number; headers?: readonly string[] }) {
  const { method = 'GET', url = '/b/k', httpVersionMinor = 1, headers = [] } = given;
  const target = parseTarget(url, 'h', 'before-s3');
  if (target === undefined) throw new Error('no target');
  return variantOf(
    { method, url, httpVersionMinor, rawHeaders: ['Host', 'h', ...headers] } as unknown as IncomingMessage,
    target,
  );
}

describe('only the emulator answers', () => {
  test.each([
    ['a call that is no read', { method: 'PUT' }],
    ['HTTP/1.0', { httpVersionMinor: 0 }],
    ['a listing', { url: '/b/' }],
    ['a sub-resource', { url: '/b/k?tagging' }],
    ['a part', { url: '/b/k?partNumber=1' }],
    ['a version', { url: '/b/k?versionId=null' }],
    ['an override of the answer', { url: '/b/k?response-content-type=text/html' }],
    ['a presigned URL', { url: '/b/k?X-Amz-Signature=0&X-Amz-Expires=60' }],
    ['a query beside x-id', { url: '/b/k?x-id=GetObject&y=1' }],
    ['a condition', { headers: ['If-None-Match', '"0"'] }],
    ['another origin', { headers: ['Origin', 'http://a'] }],
    ['a body', { headers: ['Content-Length', '0'] }],
    ['a header that is not known', { headers: ['X-Other', '1'] }],
    ['another kind of signature', { headers: ['Authorization', 'AWS test:0'] }],
    ['another service', { headers: ['Authorization', scope('test', '20260101', 'us-east-1', 'sqs')] }],
  ])('%s', (_, given) => {
    expect(nameOf(given)).toBeUndefined();
  });
});

describe('two reads that differ in this are not alike:', () => {
  test.each([
    ['the method', { method: 'HEAD' }],
    ['the raw path', { url: '/b/%6b' }],
    ['the x-id', { url: '/b/k?x-id=GetObject' }],
    ['the range', { headers: ['Range', 'bytes=0-1'] }],
    ['the wish for checksums', { headers: ['x-amz-checksum-mode', 'ENABLED'] }],
    ['who signed', { headers: ['Authorization', scope('test')] }],
    ['the host', { headers: ['Host', 'other'] }],
  ])('%s', (_, given) => {
    const variant = nameOf(given);
    expect(variant).toBeDefined();
    expect(variant).not.toBe(nameOf({}));
  });
  test('the access key and the region', () => {
    const names = [scope('test'), scope('other'), scope('test', '20260101', 'eu-west-1')].map((value) =>
      nameOf({ headers: ['Authorization', value] }),
    );
    expect(new Set(names).size).toBe(3);
  });
});

test('two reads that differ in their time and signature are alike', () => {
  const at = (date: string) =>
    nameOf({
      headers: ['authorization', scope('test', date), 'X-Amz-Date', `${date}T000000Z`, 'amz-sdk-invocation-id', date],
    });
  expect(at('20260101')).toBe(at('20260102'));
  expect(at('20260101')).toBeDefined();
});
