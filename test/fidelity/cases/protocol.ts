// HTTP itself: connections, framing, hosts, methods; what an SDK never shows and a proxy easily changes.
import http from 'node:http';
import { authorization, type Door } from '../door.ts';
import { type Area, type FidelityCase, headersOf } from './case.ts';

const hosts: Readonly<Record<string, (door: Door) => string>> = {
  'bucket.s3.amazonaws.com': ({ bucket }) => `${bucket}.s3.amazonaws.com`,
  'bucket.s3.us-east-1.amazonaws.com': ({ bucket }) => `${bucket}.s3.us-east-1.amazonaws.com`,
  'bucket.s3.localhost.localstack.cloud': ({ bucket, host }) =>
    `${bucket}.s3.localhost.localstack.cloud:${host.split(':')[1]}`,
  'bucket.s3.localhost': ({ bucket, host }) => `${bucket}.s3.localhost:${host.split(':')[1]}`,
};

const virtualHosts: readonly FidelityCase[] = Object.entries(hosts).map(([name, hostOf]) => ({
  name: `the bucket in the host: ${name}`,
  async run(door: Door) {
    const at = { host: hostOf(door) };
    await door.raw('PUT', '/a/b', { ...at, body: 'by host' });
    await door.raw('GET', '/a/b', at);
    await door.raw('PUT', '/_keeper/livez', { ...at, body: 'a key like any other' });
    await door.raw('GET', '/_keeper/livez', at);
    await door.raw('GET', '/?list-type=2', at);
    await door.raw('GET', '/', at);
    await door.raw('HEAD', '/', at);
    await door.raw('DELETE', '/a/b', at);
    await door.raw('GET', '?list-type=2');
  },
}));

const dottedBucket: FidelityCase = {
  name: 'a bucket with dots in the host',
  async run({ raw, bucket, host }) {
    const dotted = `${bucket}.my.images`;
    const at = { host: `${dotted}.s3.localhost:${host.split(':')[1]}` };
    await raw('PUT', '/', at);
    await raw('PUT', '/a', { ...at, body: 'by a host with dots' });
    await raw('GET', `/${dotted}/a`);
    await raw('GET', '/?list-type=2', at);
    await raw('DELETE', '/a', at);
    await raw('DELETE', '/', at);
  },
};

const otherHosts: FidelityCase = {
  name: 'hosts that name no bucket',
  async run({ raw, bucket, host }) {
    await raw('PUT', 'a', { body: 'a' });
    for (const other of [
      's3.amazonaws.com',
      's3.localhost.localstack.cloud',
      'localhost',
      'example.com',
      `localhost:${host.split(':')[1]}`,
    ])
      await raw('GET', `/${bucket}/a`, { host: other });
  },
};

/** A request on the wire; the last one asks to close the connection. */
const onWire = (line: string, door: Door, headers: readonly string[] = [], body = ''): string => {
  const lines = [`Host: ${door.host}`, `Authorization: ${authorization}`, ...headers];
  return `${line}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
};
const closing = 'Connection: close';

const framing: readonly FidelityCase[] = [
  {
    name: 'Expect: 100-continue, taken and refused',
    async run(door) {
      const headers = ['Expect', '100-continue', 'Content-Length', '9'];
      const taken = await door.raw('PUT', 'a', { headers, body: 'continued' });
      door.note(`continued: ${taken.isContinued}`);
      await door.raw('GET', 'a');
      const refused = await door.raw('PUT', `/${door.bucket}-none/a`, { headers, body: 'continued' });
      door.note(`continued, though refused: ${refused.isContinued}`);
    },
  },
  {
    name: 'requests on one kept connection',
    async run(door) {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 4; i++) {
        const { isReused } = await door.raw(i % 2 === 0 ? 'PUT' : 'GET', 'a', {
          agent,
          ...(i % 2 === 0 && { body: `body ${i}` }),
        });
        door.note(`the connection was kept: ${isReused}`);
      }
      const refused = await door.raw('GET', 'nothing', { agent });
      door.note(`the connection was kept after an error: ${refused.isReused}`);
      agent.destroy();
    },
  },
  {
    name: 'a body in chunks of HTTP',
    async run({ raw }) {
      const headers = ['Transfer-Encoding', 'chunked', 'Content-Type', 'text/plain'];
      await raw('PUT', 'a', { headers, body: ['one ', 'two ', 'three'] });
      await raw('GET', 'a');
      await raw('PUT', 'empty', { headers, body: [] });
      await raw('GET', 'empty');
    },
  },
  {
    name: 'a PUT that says nothing of its length',
    async run(door) {
      await door.wire(onWire(`PUT /${door.bucket}/a HTTP/1.1`, door, [closing]));
      await door.raw('GET', 'a');
    },
  },
  {
    name: 'requests in a pipeline',
    async run(door) {
      const path = `/${door.bucket}/a`;
      await door.raw('PUT', 'a', { body: 'a' });
      const requests = [
        onWire(`PUT ${path} HTTP/1.1`, door, ['Content-Length: 5'], 'first'),
        onWire(`HEAD ${path}x HTTP/1.1`, door, [closing]),
      ];
      const answers = await door.wire(requests.join(''));
      door.note(`answers: ${answers.length}`);
      await door.raw('GET', 'a');
    },
  },
  {
    name: 'HTTP/1.0',
    async run(door) {
      await door.raw('PUT', 'a', { body: 'a' });
      await door.wire(onWire(`DELETE /${door.bucket}/a HTTP/1.0`, door, [closing]));
    },
  },
  {
    name: 'the absolute form of a target',
    async run(door) {
      await door.raw('PUT', 'a', { body: 'a' });
      await door.wire(onWire(`DELETE http://${door.host}/${door.bucket}/a HTTP/1.1`, door, [closing]));
      await door.raw('GET', 'a');
    },
  },
  {
    name: 'a GET with a body',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'a' });
      await raw('GET', 'a', { headers: ['Content-Length', '4'], body: 'body' });
    },
  },
  {
    name: 'methods that S3 does not have',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'a' });
      for (const method of ['PATCH', 'TRACE', 'PROPFIND', 'OPTIONS']) await raw(method, 'a');
      await raw('POST', 'a', { body: 'x' });
      await raw('GET', 'a');
    },
  },
  {
    name: 'a header of 30 KiB',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'a' });
      await raw('GET', 'a', { headers: headersOf({ 'X-Long': 'x'.repeat(30_000) }) });
    },
  },
  {
    name: 'slashes in front of the bucket, and a path of the emulator',
    async run({ raw, bucket }) {
      await raw('PUT', 'a', { body: 'a' });
      await raw('GET', `//${bucket}/a`);
      await raw('GET', `/${bucket}/`);
      await raw('HEAD', '/');
    },
  },
  {
    name: 'a body of 8 MiB, its range and its checksum',
    async run({ raw }) {
      await raw('PUT', 'a', { body: Buffer.alloc(8 * 1024 * 1024, 'abcdefg') });
      await raw('GET', 'a', { headers: ['x-amz-checksum-mode', 'ENABLED'] });
      await raw('GET', 'a', { headers: ['Range', 'bytes=8388600-'] });
    },
  },
];

export const protocol: Area = { name: 'HTTP', cases: [...virtualHosts, dottedBucket, otherHosts, ...framing] };
