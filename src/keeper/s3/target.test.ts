import { expect, test } from 'vitest';
import { parseTarget, pathOf } from './target.ts';

const path = (url: string) => {
  const target = parseTarget(url, '127.0.0.1:4566', 'before-s3');
  return target && [target.bucket, target.key];
};

test.each([
  ['/', ['', '']],
  ['/b', ['b', '']],
  ['/b/', ['b', '']],
  ['/b?list-type=2', ['b', '']],
  ['/b/k', ['b', 'k']],
  ['/b/a/../c', ['b', 'a/../c']],
  ['/b//x//y/', ['b', '/x//y/']],
  ['/b/a%2Fc', ['b', 'a/c']],
  ['/b/a%252Fc', ['b', 'a%2Fc']],
  ['/b/a+c%20d', ['b', 'a+c d']],
  ['/b/%01%7f', ['b', '\u0001\u007f']],
  ['/b/%E6%97%A5.png', ['b', '日.png']],
  ['/b/\u00e6\u0097\u00a5', ['b', '日']],
  ['/b/a?b/c', ['b', 'a']],
])('reads %s in path style', (url, expected) => {
  expect(path(url)).toEqual(expected);
});

test.each(['/b/%ff', '/b/%zz', '/b/%', 'http://host/b/k', '*'])('refuses %s', (url) => {
  expect(path(url)).toBeUndefined();
});

test.each([
  ['before-s3', 'pics.s3.localhost.localstack.cloud:4566', 'pics', 'a/b'],
  ['before-s3', 'my.pics.s3.us-east-1.localhost.localstack.cloud', 'my.pics', 'a/b'],
  ['before-s3', 's3.localhost.localstack.cloud:4566', 'a', 'b'],
  ['before-s3', 'pics.localhost:4566', 'a', 'b'],
  ['first-label', 'pics.localhost:4566', 'pics', 'a/b'],
  ['first-label', 'localhost:4566', 'a', 'b'],
  ['first-label', '10.0.0.1:4566', 'a', 'b'],
] as const)('reads a bucket from the host as the emulator does (%s, %s)', (style, host, bucket, key) => {
  expect(parseTarget('/a/b', host, style)).toMatchObject({ bucket, key });
});

test('decodes the names and values of the query', () => {
  const query = parseTarget('/b/k?up%6Coads&a=1%202+3&a=4&&=', '', 'before-s3')?.query;
  expect([...(query ?? [])]).toEqual([
    ['uploads', ''],
    ['a', '1 2 3'],
    ['', ''],
  ]);
});

test.each(['a/../b', '//', 'x/', 'sp ace+plus', 'ünï/日', '%2f', '\u0001', "q'()*!~?#&="])(
  'writes a path that reads as the same key: %j',
  (key) => {
    expect(path(pathOf('b', key))).toEqual(['b', key]);
  },
);
