// The requests of a browser with an address or a form that was signed for it.
import type { Door } from '../door.ts';
import { formFields, presign } from '../sigv4.ts';
import type { Area, FidelityCase } from './case.ts';

const hour = 3_600_000;

/** A presigned URL for a key of the door's bucket; `from` is when it begins to hold, relative to now. */
function urlFor(
  { host, bucket }: Door,
  method: string,
  key: string,
  options: { readonly fromMs?: number; readonly query?: Readonly<Record<string, string>> } = {},
): string {
  const { fromMs = 0, query = {} } = options;
  return presign({
    method,
    host,
    path: `/${bucket}/${key}`,
    at: new Date(Date.now() + fromMs),
    expiresSeconds: 600,
    query,
  });
}

const hoisted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'metadata in its query': { 'x-amz-meta-a': '1' },
  'tags in its query': { 'x-amz-tagging': 'a=1' },
  'a storage class in its query': { 'x-amz-storage-class': 'STANDARD_IA' },
  'a checksum in its query': { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-sdk-checksum-algorithm': 'CRC32' },
  'an ACL in its query': { 'x-amz-acl': 'public-read' },
};

const urls: readonly FidelityCase[] = [
  {
    name: 'a presigned PUT, GET, HEAD and DELETE',
    async run(door) {
      await door.raw('PUT', urlFor(door, 'PUT', 'a%20b'), {
        body: 'presigned',
        headers: ['Content-Type', 'image/png'],
      });
      await door.raw('GET', urlFor(door, 'GET', 'a%20b'));
      await door.raw('GET', urlFor(door, 'GET', 'a%20b', { query: { 'response-content-disposition': 'attachment' } }), {
        headers: ['Range', 'bytes=0-3'],
      });
      await door.raw('HEAD', urlFor(door, 'HEAD', 'a%20b'));
      await door.raw('DELETE', urlFor(door, 'DELETE', 'a%20b'));
      await door.raw('GET', urlFor(door, 'GET', 'a%20b'));
      await door.raw('PUT', urlFor(door, 'PUT', 'kept'), { body: 'presigned' });
    },
  },
  ...['PUT', 'GET', 'HEAD', 'DELETE'].map((method) => ({
    name: `a presigned ${method} that has expired`,
    async run(door: Door) {
      await door.raw('PUT', 'a', { body: 'there' });
      await door.raw(method, urlFor(door, method, 'a', { fromMs: -hour }), method === 'PUT' ? { body: 'late' } : {});
      await door.raw('GET', 'a');
    },
  })),
  {
    name: 'a presigned URL with a part missing',
    async run(door) {
      await door.raw('PUT', 'a', { body: 'there' });
      for (const name of ['X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders', 'X-Amz-Credential'])
        await door.raw('GET', urlFor(door, 'GET', 'a').replace(new RegExp(`${name}=[^&]*&?`), ''));
    },
  },
  {
    name: 'a URL presigned by the old version of signatures',
    async run(door) {
      const expires = Math.floor(Date.now() / 1000) + 600;
      const query = (until: number) => `AWSAccessKeyId=test&Expires=${until}&Signature=c2lnbmF0dXJl`;
      await door.raw('PUT', `a?${query(expires)}`, { body: 'old' });
      await door.raw('GET', `a?${query(expires)}`);
      await door.raw('GET', `a?${query(1)}`);
    },
  },
  ...Object.entries(hoisted).map(([name, query]) => ({
    name: `a presigned PUT with ${name}`,
    async run(door: Door) {
      await door.raw('PUT', urlFor(door, 'PUT', 'a', { query }), { body: 'hoisted' });
      await door.raw('GET', 'a');
      await door.raw('GET', 'a?tagging');
      await door.raw('GET', 'a?acl');
    },
  })),
];

const boundary = 'fidelity-boundary';

function formBody(fields: Readonly<Record<string, string>>, fileName: string, bytes: string): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: text/plain\r\n\r\n${bytes}\r\n`;
  return `${parts.join('')}${file}--${boundary}--\r\n`;
}

const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'its key': { key: 'a/b c' },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of S3's
  'the name of the file in its key': { key: 'in/${filename}' },
  'a key in Unicode': { key: 'é/图片' },
  'a key with a plus and a percent sign': { key: 'a+b%20c' },
  'status 200': { key: 'a', success_action_status: '200' },
  'status 201': { key: 'a', success_action_status: '201' },
  'status 204': { key: 'a', success_action_status: '204' },
  'status 201 and a key that XML escapes': { key: '<a>&b', success_action_status: '201' },
  'another status': { key: 'a', success_action_status: '418' },
  'a redirect': { key: 'a b', success_action_redirect: 'http://example.com/done?x=1' },
  'a type and metadata': { key: 'a', 'Content-Type': 'image/png', 'x-amz-meta-a': '1', 'Cache-Control': 'no-store' },
  tags: { key: 'a', tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>' },
  'an ACL': { key: 'a', acl: 'public-read' },
  'a storage class': { key: 'a', 'x-amz-storage-class': 'STANDARD_IA' },
  'no key': {},
  'a checksum that is wrong': { key: 'a', 'x-amz-checksum-crc32': 'AAAAAA==' },
};

const posts: readonly FidelityCase[] = Object.entries(forms).map(([name, fields]) => ({
  name: `a form posted with ${name}`,
  async run({ raw, bucket }: Door) {
    const signed = { ...fields, ...formFields(bucket, new Date()) };
    const headers = ['Content-Type', `multipart/form-data; boundary=${boundary}`];
    await raw('POST', '', { headers, body: formBody(signed, 'file name.txt', 'posted bytes') });
    await raw('GET', '?list-type=2&encoding-type=url');
    await raw('GET', 'a');
    await raw('GET', 'a?tagging');
  },
}));

const brokenForms: FidelityCase = {
  name: 'forms that are broken',
  async run({ raw }) {
    const headers = ['Content-Type', `multipart/form-data; boundary=${boundary}`];
    await raw('POST', '', { headers, body: 'no form at all' });
    await raw('POST', '', { headers, body: '' });
    await raw('POST', '', { headers: ['Content-Type', 'text/plain'], body: 'x' });
    await raw('POST', '', { headers, body: formBody({ key: 'a', policy: 'abc' }, 'f', 'x') });
    await raw('POST', '', { headers, body: formBody({ key: 'a' }, 'f', 'x').slice(0, -20) });
    await raw('GET', '?list-type=2');
  },
};

export const presigned: Area = { name: 'presigned', cases: [...urls, ...posts, brokenForms] };
