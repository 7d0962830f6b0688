// Lists in all their forms, deletes one by one and in batches, and what is not there.
import type { Door } from '../door.ts';
import type { Area, FidelityCase } from './case.ts';

const present = ['a', 'b/1', 'b/2', 'b/c/3', 'd e', 'é', '\uFF5E', '😀', 'z'];

const queries = [
  '?list-type=2',
  '',
  '?list-type=1',
  '?list-type=3',
  '?list-type=2&prefix=b/',
  '?list-type=2&delimiter=/',
  '?list-type=2&prefix=b/&delimiter=/',
  '?list-type=2&delimiter=%2F&encoding-type=url',
  '?list-type=2&start-after=b/1',
  '?list-type=2&max-keys=2',
  '?list-type=2&max-keys=0',
  '?list-type=2&max-keys=-1',
  '?list-type=2&max-keys=x',
  '?list-type=2&max-keys=2000',
  '?list-type=2&fetch-owner=true',
  '?prefix=b/&delimiter=/',
  '?marker=b/1&max-keys=2',
  '?delimiter=/&max-keys=2',
  '?list-type=2&encoding-type=base64',
  '?list-type=2&continuation-token=none',
  '?list-type=2&prefix=nothing',
  '?list-type=2&delimiter=',
  '?versions',
  '?versions&prefix=b/&max-keys=1',
  '?versions&key-marker=b/1&delimiter=/',
  '?location',
  '?unknown',
  '?list-type=2&unknown=1',
];

const lists: readonly FidelityCase[] = queries.map((query) => ({
  name: query === '' ? 'a list without a query' : `a list by ${query}`,
  async run({ raw }: Door) {
    for (const key of present) await raw('PUT', encodeURIComponent(key).replaceAll('%2F', '/'), { body: key });
    await raw('GET', query);
    await raw('HEAD', query);
  },
}));

const batches: Readonly<Record<string, string>> = {
  'keys that are there and keys that are not':
    '<Delete><Object><Key>a</Key></Object><Object><Key>nothing</Key></Object></Delete>',
  quietly: '<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object></Delete>',
  'a key twice': '<Delete><Object><Key>a</Key></Object><Object><Key>a</Key></Object></Delete>',
  'keys that XML escapes':
    '<Delete><Object><Key>&lt;&amp;&#x1;&#13;</Key></Object><Object><Key>d e</Key></Object></Delete>',
  'a null version': '<Delete><Object><Key>a</Key><VersionId>null</VersionId></Object></Delete>',
  'a version that is not': '<Delete><Object><Key>a</Key><VersionId>abc</VersionId></Object></Delete>',
  'an ETag that is right':
    '<Delete><Object><Key>a</Key><ETag>"0cc175b9c0f1b6a831c399e269772661"</ETag></Object></Delete>',
  'an empty list': '<Delete></Delete>',
  'an empty key': '<Delete><Object><Key></Key></Object></Delete>',
  'broken XML': '<Delete><Object><Key>a</Key>',
  'another document': '<Other/>',
  'no body': '',
  '1,001 keys': `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>`,
  'a namespace': '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object></Delete>',
  'a comment inside': '<Delete><!-- why --><Object><Key>a</Key></Object></Delete>',
  'a CDATA section': '<Delete><Object><Key><![CDATA[a]]></Key></Object></Delete>',
};

const deletes: readonly FidelityCase[] = Object.entries(batches).map(([name, body]) => ({
  name: `a batch delete with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'a', { body: 'a' });
    await raw('PUT', 'b', { body: 'b' });
    await raw('POST', '?delete', { body });
    await raw('GET', '?list-type=2');
  },
}));

const absent: FidelityCase[] = [
  {
    name: 'an object that is not there',
    async run({ raw }) {
      for (const method of ['GET', 'HEAD', 'DELETE']) await raw(method, 'nothing');
      for (const query of [
        'tagging',
        'acl',
        'attributes',
        'torrent',
        'retention',
        'legal-hold',
        'versionId=null',
        'versionId=abc',
      ])
        await raw('GET', `nothing?${query}`);
      await raw('PUT', 'nothing?tagging', { body: '<Tagging><TagSet/></Tagging>' });
      await raw('PUT', 'nothing?acl', { headers: ['x-amz-acl', 'private'] });
      await raw('DELETE', 'nothing?tagging');
    },
  },
  {
    name: 'a bucket that is not there',
    async run({ raw }) {
      const bucket = '/no-such-bucket-at-all';
      for (const method of ['GET', 'HEAD', 'DELETE']) await raw(method, bucket);
      for (const method of ['GET', 'HEAD', 'DELETE', 'PUT']) await raw(method, `${bucket}/a`);
      await raw('POST', `${bucket}/a?uploads`);
      await raw('POST', `${bucket}?delete`, { body: '<Delete><Object><Key>a</Key></Object></Delete>' });
      await raw('PUT', `${bucket}?tagging`, { body: '<Tagging><TagSet/></Tagging>' });
      await raw('GET', `${bucket}?cors`);
    },
  },
  {
    name: 'versions of an object that has none',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'a' });
      for (const method of ['GET', 'HEAD']) {
        await raw(method, 'a?versionId=null');
        await raw(method, 'a?versionId=abc');
      }
      await raw('DELETE', 'a?versionId=null');
      await raw('GET', 'a');
    },
  },
  {
    name: 'a bucket made again, made wrong, and deleted',
    async run({ raw, bucket }) {
      await raw('PUT', `/${bucket}`);
      for (const name of ['ab', 'Upper', 'a_b', `${'x'.repeat(64)}`, '127.0.0.1', 'xn--a'])
        await raw('PUT', `/${name}`);
      await raw('PUT', `/${bucket}-eu`, {
        body: '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
      });
      await raw('GET', `/${bucket}-eu?location`);
      await raw('HEAD', `/${bucket}-eu`);
      await raw('PUT', `/${bucket}-no`, {
        body: '<CreateBucketConfiguration><LocationConstraint>nowhere</LocationConstraint></CreateBucketConfiguration>',
      });
      await raw('PUT', `/${bucket}-xml`, { body: '<Create' });
      await raw('PUT', 'a', { body: 'a' });
      await raw('DELETE', `/${bucket}`);
      await raw('DELETE', `/${bucket}-eu`);
      await raw('HEAD', `/${bucket}-eu`);
    },
  },
  {
    name: 'a bucket with an object lock',
    run: ({ raw, bucket }) => raw('PUT', `/${bucket}-lock`, { headers: ['x-amz-bucket-object-lock-enabled', 'true'] }),
  },
];

export const listing: Area = { name: 'lists and deletes', cases: [...lists, ...deletes, ...absent] };
