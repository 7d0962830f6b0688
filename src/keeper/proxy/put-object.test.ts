import { expect, test } from 'vitest';
import type { Body } from '../store/contract.ts';
import { isWhatEtagNames } from './put-object.ts';

const md5 = '5d41402abc4b2a76b9719d911017c592';
const body: Body = { sizeBytes: 5, discard: async () => {} };

test.each([
  ['all of it, byte for byte as it was passed', { isWhole: true, md5: undefined, etag: '"any"' }, true],
  ['all of it, decoded, and its MD5 is the ETag', { isWhole: true, md5, etag: `"${md5}"` }, true],
  ['not all of it, whatever the ETag', { isWhole: false, md5: undefined, etag: '"any"' }, false],
  ['a framing that made no sense, though the MD5 is the ETag', { isWhole: false, md5, etag: `"${md5}"` }, false],
  ['decoded, and the ETag is no MD5 of it', { isWhole: true, md5, etag: '"other"' }, false],
  ['an ETag without quotes', { isWhole: true, md5, etag: md5 }, false],
  ['no ETag', { isWhole: true, md5: undefined, etag: '' }, false],
])('what is saved is what the ETag names only where that is known: %s', (_what, { isWhole, md5: sum, etag }, is) => {
  expect(isWhatEtagNames({ body, isWhole, md5: sum, trailers: {} }, etag)).toBe(is);
});
