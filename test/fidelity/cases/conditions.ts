// Reads of a part, and reads, writes and copies that depend on what is there.
import type { Door } from '../door.ts';
import { type Area, type FidelityCase, headersOf } from './case.ts';

const body = 'abcdefghijklmnopqrstuvwxyz';
const etag = '"c3fcd3d76192e4007dfb496cca67e13b"'; // MD5 of the alphabet
const past = 'Mon, 01 Jan 2001 00:00:00 GMT';
const future = 'Fri, 01 Jan 2100 00:00:00 GMT';

const ranges = [
  'bytes=0-4',
  'bytes=5-5',
  'bytes=20-',
  'bytes=-5',
  'bytes=0-',
  'bytes=-100',
  'bytes=-0',
  'bytes=0-999',
  'bytes=26-',
  'bytes=30-40',
  'bytes=5-2',
  'bytes=0-1,4-5',
  'bytes=a-b',
  'bytes=',
  'items=0-1',
  'bytes 0-4',
  'Bytes=0-4',
  'bytes= 0-4',
];

const reads: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...Object.fromEntries(ranges.map((Range) => [`the range ${Range}`, { Range }])),
  'If-Match that holds': { 'If-Match': etag },
  'If-Match without quotes': { 'If-Match': etag.replaceAll('"', '') },
  'If-Match that fails': { 'If-Match': '"0"' },
  'If-Match of several': { 'If-Match': `"0", ${etag}` },
  'If-Match of any': { 'If-Match': '*' },
  'If-None-Match that holds': { 'If-None-Match': '"0"' },
  'If-None-Match that fails': { 'If-None-Match': etag },
  'If-None-Match of any': { 'If-None-Match': '*' },
  'a weak If-None-Match': { 'If-None-Match': `W/${etag}` },
  'If-Modified-Since long ago': { 'If-Modified-Since': past },
  'If-Modified-Since to come': { 'If-Modified-Since': future },
  'If-Modified-Since that is no date': { 'If-Modified-Since': 'yesterday' },
  'If-Unmodified-Since long ago': { 'If-Unmodified-Since': past },
  'If-Unmodified-Since to come': { 'If-Unmodified-Since': future },
  'If-Match that holds and If-Unmodified-Since that fails': { 'If-Match': etag, 'If-Unmodified-Since': past },
  'If-None-Match that fails and If-Modified-Since that holds': { 'If-None-Match': etag, 'If-Modified-Since': past },
  'If-Range that holds': { 'If-Range': etag, Range: 'bytes=0-1' },
  'If-Range that fails': { 'If-Range': '"0"', Range: 'bytes=0-1' },
  'a range and If-Match that fails': { 'If-Match': '"0"', Range: 'bytes=0-1' },
  'a range with checksums': { 'x-amz-checksum-mode': 'ENABLED', Range: 'bytes=0-1' },
};

const readCases: readonly FidelityCase[] = Object.entries(reads).map(([name, headers]) => ({
  name: `reading with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'a', { body });
    await raw('GET', 'a', { headers: headersOf(headers) });
    await raw('HEAD', 'a', { headers: headersOf(headers) });
  },
}));

const writes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'If-None-Match of any': { 'If-None-Match': '*' },
  'If-None-Match of an ETag': { 'If-None-Match': etag },
  'If-Match that holds': { 'If-Match': etag },
  'If-Match that fails': { 'If-Match': '"0"' },
  'If-Match of any': { 'If-Match': '*' },
  'If-Match and If-None-Match': { 'If-Match': etag, 'If-None-Match': '*' },
};

const writeCases: readonly FidelityCase[] = Object.entries(writes).map(([name, headers]) => ({
  name: `writing with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'there', { body });
    await raw('PUT', 'there', { body: 'another', headers: headersOf(headers) });
    await raw('GET', 'there');
    await raw('PUT', 'absent', { body: 'another', headers: headersOf(headers) });
    await raw('GET', 'absent');
    await raw('PUT', 'doomed', { body });
    await raw('DELETE', 'doomed', { headers: headersOf(headers) });
    await raw('GET', 'doomed');
  },
}));

const copies: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'nothing else': {},
  'If-Match that holds': { 'x-amz-copy-source-if-match': etag },
  'If-Match that fails': { 'x-amz-copy-source-if-match': '"0"' },
  'If-None-Match that holds': { 'x-amz-copy-source-if-none-match': '"0"' },
  'If-None-Match that fails': { 'x-amz-copy-source-if-none-match': etag },
  'If-Modified-Since that holds': { 'x-amz-copy-source-if-modified-since': past },
  'If-Unmodified-Since that fails': { 'x-amz-copy-source-if-unmodified-since': past },
  'metadata replaced': { 'x-amz-metadata-directive': 'REPLACE', 'Content-Type': 'text/css', 'x-amz-meta-b': '2' },
  'metadata given but not replaced': { 'x-amz-meta-b': '2' },
  'an unknown directive': { 'x-amz-metadata-directive': 'MAYBE' },
  'tags replaced': { 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'b=2' },
  'another storage class': { 'x-amz-storage-class': 'STANDARD_IA' },
  'another checksum': { 'x-amz-checksum-algorithm': 'SHA256' },
  'an ACL': { 'x-amz-acl': 'public-read' },
};

const described = headersOf({
  'Content-Type': 'image/png',
  'x-amz-meta-a': '1',
  'x-amz-tagging': 'a=1',
  'Cache-Control': 'no-store',
});

const copyCases: readonly FidelityCase[] = Object.entries(copies).map(([name, headers]) => ({
  name: `copying with ${name}`,
  async run({ raw, bucket }: Door) {
    await raw('PUT', 'source', { body, headers: described });
    await raw('PUT', 'copy', { headers: ['x-amz-copy-source', `/${bucket}/source`, ...headersOf(headers)] });
    await raw('GET', 'copy', { headers: ['x-amz-checksum-mode', 'ENABLED'] });
    await raw('GET', 'copy?tagging');
    await raw('GET', 'copy?acl');
  },
}));

const sources: Readonly<Record<string, (bucket: string) => string>> = {
  'a source without its first slash': (bucket) => `${bucket}/source`,
  'a source that is encoded': (bucket) => `%2F${bucket}%2Fsource`,
  'a source that is absent': (bucket) => `${bucket}/absent`,
  'a source in no bucket': () => 'no-such-bucket-at-all/source',
  'a source that names no key': (bucket) => bucket,
  'a source that is empty': () => '',
  'a source with a semicolon, as it is': (bucket) => `${bucket}/source;v=1`,
  'a source with a number sign, as it is': (bucket) => `${bucket}/source#1`,
  'a source with a question mark, as it is': (bucket) => `${bucket}/source?1`,
  'a source with a plus, as it is': (bucket) => `${bucket}/source+1`,
  'a source with a null version': (bucket) => `${bucket}/source?versionId=null`,
  'a source with a version': (bucket) => `${bucket}/source?versionId=abc`,
};

const sourceCases: readonly FidelityCase[] = Object.entries(sources).map(([name, sourceIn]) => ({
  name: `copying from ${name}`,
  async run({ raw, bucket }: Door) {
    await raw('PUT', 'source', { body, headers: described });
    for (const ending of ['%3Bv=1', '%231', '%3F1', '+1', '%201'])
      await raw('PUT', `source${ending}`, { body: ending.padEnd(body.length) });
    await raw('PUT', 'copy', { headers: ['x-amz-copy-source', sourceIn(bucket)] });
    await raw('GET', 'copy');
  },
}));

const ontoItself: FidelityCase = {
  name: 'copying an object onto itself, without and with a change',
  async run({ raw, bucket }) {
    await raw('PUT', 'a', { body, headers: described });
    await raw('PUT', 'a', { headers: ['x-amz-copy-source', `${bucket}/a`] });
    await raw('PUT', 'a', {
      headers: ['x-amz-copy-source', `${bucket}/a`, 'x-amz-metadata-directive', 'REPLACE', 'x-amz-meta-b', '2'],
    });
    await raw('GET', 'a');
    await raw('GET', 'a?tagging');
  },
};

export const conditions: Area = {
  name: 'ranges, conditions, copies',
  cases: [...readCases, ...writeCases, ...copyCases, ...sourceCases, ontoItself],
};
