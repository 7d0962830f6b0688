import { expect, test } from 'vitest';
import { checksumHeaders, replayHeaders, settingHeaders } from './headers.ts';

test('keeps what describes the object, nothing of the transfer', () => {
  const raw = [
    ...['Host', 'h', 'Content-Length', '9', 'Authorization', 'AWS4 secret', 'X-Amz-Date', 'now', 'Content-MD5', 'x'],
    ...['Content-Type', 'image/png', 'x-amz-meta-Title', 'Katze', 'X-Amz-Tagging', 'a=b', 'Cache-Control', 'no-cache'],
    ...['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-decoded-content-length', '9'],
  ];
  expect(replayHeaders(raw)).toEqual({
    'content-type': 'image/png',
    'x-amz-meta-title': 'Katze',
    'x-amz-tagging': 'a=b',
    'cache-control': 'no-cache',
  });
});

test.each([
  ['aws-chunked', undefined],
  ['aws-chunked,gzip', 'gzip'],
  ['gzip, aws-chunked', 'gzip'],
  ['gzip', 'gzip'],
])('takes aws-chunked out of the encoding: %s', (encoding, expected) => {
  expect(replayHeaders(['Content-Encoding', encoding])['content-encoding']).toBe(expected);
});

test('of a header that repeats the first counts, of metadata the last', () => {
  const raw = ['x-amz-meta-a', '1', 'X-Amz-Meta-A', '2', 'Cache-Control', 'a', 'cache-control', 'b'];
  expect(replayHeaders(raw)).toEqual({ 'x-amz-meta-a': '2', 'cache-control': 'a' });
});

test('tells checksums from what else is said about them', () => {
  const raw = ['x-amz-checksum-crc32', 'AAAA', 'x-amz-checksum-type', 'FULL_OBJECT', 'x-amz-checksum-mode', 'ENABLED'];
  expect(checksumHeaders(raw)).toEqual({ 'x-amz-checksum-crc32': 'AAAA' });
});

test('repeats a setting with its own headers, without signature and date', () => {
  const raw = ['X-Amz-Acl', 'public-read', 'X-Amz-Date', 'now', 'x-amz-content-sha256', 'x', 'Content-MD5', 'm'];
  expect(settingHeaders(raw)).toEqual({ 'x-amz-acl': 'public-read', 'content-md5': 'm' });
});
