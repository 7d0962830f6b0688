import { expect, test } from 'vitest';
import type { ObjectRecord } from '../store/contract.ts';
import { freshHeaders, keepableHead } from './answer-head.ts';

const record: ObjectRecord = {
  bucket: 'b',
  key: 'k',
  versionId: 1,
  etag: '"e"',
  sizeBytes: 5,
  headers: {},
  parts: null,
  savedAt: 0,
  settings: [],
};
const id = '31b987bf-6c81-4f5d-a38d-15622b420341';
const headers = ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Content-Length', '5', 'ETag', '"e"', 'x-amz-request-id', id];
const whole = { status: 200, statusMessage: 'OK', headers };
const without = (name: string): string[] => headers.filter((_, i) => headers[i - (i % 2)] !== name);

test('what is given again has the time and an id of its own, all else in its place', () => {
  const head = keepableHead(whole, record);
  expect(head).toMatchObject({ start: 0, end: 5 });
  const fresh = head ? freshHeaders(head, new Date(86_400_000)) : [];
  expect(fresh).toEqual([
    ...['Date', 'Fri, 02 Jan 1970 00:00:00 GMT', 'Content-Length', '5', 'ETag', '"e"'],
    ...['x-amz-request-id', expect.stringMatching(/^[\da-f-]{36}$/)],
  ]);
  expect(fresh).not.toContain(id);
});

test('an id of another form stays in that form', () => {
  const given = { ...whole, headers: [...without('x-amz-request-id'), 'X-Amz-Request-Id', '0A1B2C3D4E5F6071'] };
  const head = keepableHead(given, record);
  const fresh = head ? freshHeaders(head, new Date()) : [];
  expect(fresh.at(-1)).toMatch(/^[\dA-F]{16}$/);
  expect(fresh.at(-1)).not.toBe('0A1B2C3D4E5F6071');
});

test('a range is given again with its bytes', () => {
  const range = [...without('Content-Length'), 'Content-Length', '2', 'Content-Range', 'bytes 1-2/5'];
  expect(keepableHead({ ...whole, status: 206, headers: range }, record)).toMatchObject({ start: 1, end: 3 });
});

test.each([
  ['another ETag', { headers: [...without('ETag'), 'ETag', '"f"'] }],
  ['no ETag', { headers: without('ETag') }],
  ['another length', { headers: [...without('Content-Length'), 'Content-Length', '4'] }],
  ['a length that comes twice', { headers: [...headers, 'content-length', '5'] }],
  ['no length', { headers: without('Content-Length') }],
  ['a range of another size', { status: 206, headers: [...headers, 'Content-Range', 'bytes 0-4/6'] }],
  ['a range beyond the end', { status: 206, headers: [...headers, 'Content-Range', 'bytes 1-5/5'] }],
  ['a range of more bytes than it has', { status: 206, headers: [...headers, 'Content-Range', 'bytes 0-1/5'] }],
  ['no range where one was answered', { status: 206 }],
  ['another status', { status: 304 }],
  ['what settings decide', { headers: [...headers, 'x-amz-expiration', 'expiry-date="x"'] }],
  ['what a key decides', { headers: [...headers, 'x-amz-server-side-encryption-aws-kms-key-id', 'arn:k'] }],
  ['a header that is not known', { headers: [...headers, 'x-trace', '1'] }],
  ['an id of a form that is not known', { headers: [...without('x-amz-request-id'), 'x-amz-request-id', 'a b'] }],
])('an answer is not kept with %s', (_, other) => {
  expect(keepableHead({ ...whole, ...other }, record)).toBeUndefined();
});
