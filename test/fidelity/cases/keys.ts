// Every shape of key that S3 allows (1,024 bytes of UTF-8), and those it does not.
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { Door } from '../door.ts';
import type { Area, FidelityCase } from './case.ts';

const shapes: Readonly<Record<string, string>> = {
  'plain letters': 'plain.png',
  'a space and a plus': 'a b+c',
  'two dots as a folder': 'a/../b',
  'one dot as a folder': './a/./b',
  'only dots': '..',
  'a slash at its beginning': '/a',
  'slashes in a row': 'a//b///c',
  'a slash at its end': 'folder/',
  'only a slash': '/',
  'percent signs that look encoded': 'a%2Fb%20c%zz',
  'what a URL reserves': `?a=b&c#d;e:@!$'()*,[]`,
  'what XML reserves': `<a href="b">&amp;'</a>`,
  'a backslash': 'a\\b',
  'tilde, caret, pipe, braces and backtick': '~^|{}`',
  'Latin letters with marks, composed': 'Käse-é',
  'Latin letters with marks, decomposed': 'Ka\u0308se-e\u0301',
  'Chinese, Arabic and Hebrew': '图片/صورة/תמונה',
  'emoji and other planes': '😀/𝒳/\u{10FFFD}',
  'a tab and a line feed': 'a\tb\nc',
  'a carriage return': 'a\rb',
  'control characters': 'a\u0001b\u001fc\u007f',
  'characters that XML forbids': 'a\uFFFEb\uFFFF',
  'line ends of Unicode': 'a\u0085b\u2028c',
  'a byte order mark and zero width': '\uFEFFa\u200bb',
  'a name of a sub-resource': 'acl',
  'a name of an emulator path': '_localstack/health',
  'a name of a keeper path': '_keeper/livez',
  '1,024 bytes': 'k'.repeat(1024),
  '1,024 bytes of two-byte letters': 'é'.repeat(512),
};

const keyShapes: readonly FidelityCase[] = Object.entries(shapes).map(([name, Key]) => ({
  name: `a key with ${name}`,
  async run({ s3, bucket: Bucket, attempt, note }: Door) {
    await attempt(s3.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${name}` })));
    const answer = await attempt(s3.send(new GetObjectCommand({ Bucket, Key })));
    note(`read: ${await answer?.Body?.transformToString()}`);
    await attempt(s3.send(new HeadObjectCommand({ Bucket, Key })));
    await attempt(s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' })));
    const CopySource = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
    await attempt(s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource })));
    await attempt(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } })));
    await attempt(s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' })));
    await attempt(s3.send(new PutObjectCommand({ Bucket, Key, Body: `again ${name}` })));
  },
}));

/** Paths as an HTTP client may send them, encoded more or less than an SDK does. */
const paths: Readonly<Record<string, string>> = {
  'raw bytes of UTF-8': Buffer.from('Käse').toString('latin1'),
  'small letters in escapes': 'K%c3%a4se%2fa',
  'escapes that are not needed': '%61%62%2D%7e',
  'a plus': 'a+b',
  'an encoded plus': 'a%2Bb',
  'dots encoded': '%2e%2e/a',
  'a colon and an at sign': 'a:b@c',
  'a broken escape': 'a%zzb',
  'an escape cut off': 'a%2',
  'no UTF-8': 'a%ffb',
  'a null byte': 'a%00b',
  'a question mark and nothing': 'a?',
  'a query without a meaning': 'a?x=1',
  'an x-id alone': 'a?x-id=PutObject',
  'an empty escape of a slash at its end': 'a%2F',
};

const rawPaths: readonly FidelityCase[] = Object.entries(paths).map(([name, path]) => ({
  name: `a path with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', path, { body: 'by path' });
    await raw('GET', path);
    await raw('HEAD', path);
    await raw('GET', '?list-type=2&encoding-type=url');
    await raw('GET', '?list-type=2');
    await raw('DELETE', path);
    await raw('PUT', path, { body: 'by path, again' });
  },
}));

const refused: readonly FidelityCase[] = [
  {
    name: 'a key of 1,025 bytes',
    async run({ raw }) {
      await raw('PUT', 'k'.repeat(1025), { body: 'x' });
      await raw('GET', 'k'.repeat(1025));
    },
  },
  {
    name: 'a list without encoding of keys that XML must escape',
    async run({ s3, bucket: Bucket, attempt }) {
      for (const Key of ['a&b', '<c>', 'd"e', 'f\u0001g', 'h\ri'])
        await attempt(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })));
      await attempt(s3.send(new ListObjectsV2Command({ Bucket })));
    },
  },
];

export const keys: Area = { name: 'keys', cases: [...keyShapes, ...rawPaths, ...refused] };
