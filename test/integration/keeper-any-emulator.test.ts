// The keeper in front of an emulator that it does not know by name: its session is a sentinel, hosts are read by the keeper.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorKind, fauxqs } from '../support/emulator.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';

/** fauxqs, but it does not say so. Like moto it takes the first label of any host name with a dot for a bucket. */
const nameless: EmulatorKind = {
  ...fauxqs,
  async create(folder) {
    const emulator = await fauxqs.create(folder);
    const front = http.createServer((req, res) => {
      if (req.url?.startsWith('/_fauxqs/')) {
        res.writeHead(404).end();
        return;
      }
      const { method, url: path, headers } = req;
      const onward = http.request(`${emulator.url}${path}`, { method, headers, agent: false }, (answer) => {
        res.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(res);
      });
      onward.on('error', () => res.destroy());
      req.pipe(onward);
    });
    await once(front.listen(0, '127.0.0.1'), 'listening');
    const stop = async () => {
      front.close();
      front.closeAllConnections();
      return emulator.stop();
    };
    return { ...emulator, stop, url: `http://127.0.0.1:${(front.address() as AddressInfo).port}` };
  },
};

const Bucket = 'keeper-any';
let world: KeeperWorld;
beforeAll(async () => {
  world = await createKeeperWorld(nameless);
  await world.client.send(new CreateBucketCommand({ Bucket }));
}, 60_000);
afterAll(() => world?.stop());

async function ask(method: string, path: string, host: string, body = ''): Promise<string> {
  const { hostname, port } = new URL(world.keeper.url);
  const headers = { host, 'content-length': Buffer.byteLength(body) };
  const request = http.request({ hostname, port, method, path, headers, agent: false }).end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return `${answer.statusCode} ${Buffer.concat(chunks)}`;
}

test('it is known by a sentinel that no client sees', async () => {
  expect(world.keeper.status().session).toMatch(/^keepsake-session-/);
  expect(await ask('GET', '/', 'localhost')).not.toContain('keepsake-session');
});

test.each([
  ['a bucket in the host', `${Bucket}.s3.localhost`, '/by-host'],
  ['a host name with dots', 'host.docker.internal:4566', `/${Bucket}/dotted`],
  ['one label', 's3:4566', `/${Bucket}/label`],
])('what is put by %s is the same object to both, and there after a restart', async (_name, host, path) => {
  expect(await ask('PUT', path, host, 'kept')).toMatch(/^200/);
  await world.restartEmulator();
  expect(await ask('GET', path, host)).toBe('200 kept');
  const key = path.replace(`/${Bucket}/`, '/');
  expect(await ask('GET', `/${Bucket}${key}`, 'localhost')).toBe('200 kept');
});
