// The metadata that travels with an object: that of users and of the system, as headers of PUT and of GET.
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Door } from '../door.ts';
import { type Area, type FidelityCase, headersOf } from './case.ts';

const described: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no content type': {},
  'an empty content type': { 'Content-Type': '' },
  'a content type with parameters': { 'Content-Type': 'text/html; charset="utf-8"' },
  'all system metadata': {
    'Cache-Control': 'max-age=60, no-transform',
    'Content-Disposition': `attachment; filename="a b.png"; filename*=UTF-8''K%C3%A4se.png`,
    'Content-Encoding': 'gzip',
    'Content-Language': 'de-CH, en',
    'Content-Type': 'image/png',
    Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
    'x-amz-website-redirect-location': '/elsewhere',
  },
  'an Expires that is no date': { Expires: 'tomorrow' },
  'a content disposition in Latin-1': { 'Content-Disposition': 'attachment; filename="K\u00e4se.png"' },
  'aws-chunked beside another encoding': { 'Content-Encoding': 'aws-chunked,br' },
  'two encodings': { 'Content-Encoding': 'gzip, br' },
  'metadata of a user': { 'x-amz-meta-title': 'a cat', 'X-Amz-Meta-Camel-Case': 'Kept As It Is' },
  'metadata with spaces around it': { 'x-amz-meta-a': '  padded\t' },
  'empty metadata': { 'x-amz-meta-empty': '' },
  'metadata as raw UTF-8': { 'x-amz-meta-title': Buffer.from('Käse 图片 😀').toString('latin1') },
  'metadata as Latin-1': { 'x-amz-meta-title': 'K\u00e4se' },
  'metadata as an RFC 2047 word': { 'x-amz-meta-title': '=?UTF-8?B?S8Okc2U=?= and =?UTF-8?Q?K=C3=A4se?=' },
  'metadata with odd names': { 'x-amz-meta-a_b': '1', 'x-amz-meta-a.b': '2', 'x-amz-meta-0': '3', 'x-amz-meta-': '4' },
  'metadata of 2 KiB': { 'x-amz-meta-long': 'm'.repeat(2040) },
  'metadata over 2 KiB': { 'x-amz-meta-long': 'm'.repeat(2100) },
  'metadata over 8 KiB': { 'x-amz-meta-long': 'm'.repeat(9000) },
  'fifty metadata': Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x-amz-meta-n${i}`, `value ${i}`])),
  'the storage class STANDARD_IA': { 'x-amz-storage-class': 'STANDARD_IA' },
  'the storage class REDUCED_REDUNDANCY': { 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  'the storage class GLACIER': { 'x-amz-storage-class': 'GLACIER' },
  'an unknown storage class': { 'x-amz-storage-class': 'PAPER' },
  'tags in a header': { 'x-amz-tagging': 'a=1&b=two%20words&c=' },
  'a broken tag header': { 'x-amz-tagging': 'a=1&a=2' },
  'a canned ACL': { 'x-amz-acl': 'public-read' },
  'an unknown canned ACL': { 'x-amz-acl': 'everyone' },
  grants: { 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
  'encryption with AES256': { 'x-amz-server-side-encryption': 'AES256' },
  'an unknown encryption': { 'x-amz-server-side-encryption': 'ROT13' },
  'a key of the customer': {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': Buffer.alloc(32, 'k').toString('base64'),
    'x-amz-server-side-encryption-customer-key-MD5': 'Pwn9MjPoWQlXwdtwgHZqnQ==',
  },
  'a legal hold': { 'x-amz-object-lock-legal-hold': 'ON' },
  'a request payer and an expected owner': {
    'x-amz-request-payer': 'requester',
    'x-amz-expected-bucket-owner': '000000000000',
  },
  'the wrong expected owner': { 'x-amz-expected-bucket-owner': '111111111111' },
  'a header of no one': { 'x-amz-nothing': '1', 'X-Other': '2' },
};

const byHeaders: readonly FidelityCase[] = Object.entries(described).map(([name, headers]) => ({
  name: `an object with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'object', { body: 'described', headers: headersOf(headers) });
    await raw('GET', 'object');
    await raw('HEAD', 'object');
    await raw('GET', 'object?tagging');
    await raw('GET', 'object?acl');
  },
}));

const others: readonly FidelityCase[] = [
  {
    name: 'metadata in Unicode by the SDK',
    async run({ s3, bucket: Bucket, attempt, note }) {
      const Metadata = { title: 'Käse', plain: 'cheese' };
      await attempt(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', Metadata })));
      const answer = await attempt(s3.send(new GetObjectCommand({ Bucket, Key: 'a' })));
      note(JSON.stringify(answer?.Metadata));
    },
  },
  {
    name: 'a header that comes twice',
    async run({ raw }) {
      await raw('PUT', 'a', {
        body: 'x',
        headers: ['x-amz-meta-a', '1', 'x-amz-meta-a', '2', 'Cache-Control', 'a', 'Cache-Control', 'b'],
      });
      await raw('HEAD', 'a');
    },
  },
  {
    name: 'headers of the answer named by the request',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'x' });
      await raw(
        'GET',
        'a?response-content-type=text%2Fcss&response-cache-control=no-store&response-content-disposition=inline',
      );
      await raw(
        'GET',
        'a?response-expires=Wed%2C%2021%20Oct%202026%2007%3A28%3A00%20GMT&response-content-language=fr&response-content-encoding=br',
      );
    },
  },
  {
    name: 'an object put over another loses what the first one had',
    async run({ raw }) {
      await raw('PUT', 'a', {
        body: 'first',
        headers: ['x-amz-meta-a', '1', 'x-amz-tagging', 'a=1', 'Content-Type', 'image/png'],
      });
      await raw('PUT', 'a', { body: 'second' });
      await raw('GET', 'a');
      await raw('GET', 'a?tagging');
    },
  },
  {
    name: 'an object without a byte',
    async run({ raw }) {
      await raw('PUT', 'empty');
      await raw('GET', 'empty');
      await raw('GET', 'empty', { headers: ['Range', 'bytes=0-0'] });
      await raw('HEAD', 'empty');
    },
  },
];

export const metadata: Area = { name: 'metadata', cases: [...byHeaders, ...others] };
