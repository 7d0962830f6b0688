// The keeper in front of an emulator that it does not know by name: its session is a sentinel, hosts are read by the keeper.
import { once } from 'node:events';
import http from 'node:http';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';

// fauxqs, but it does not say so. Like moto it takes the first label of any host name with a dot for a bucket.
const nameless = holdable(fauxqs);
nameless.fail(/^GET \/_fauxqs\//);

const Bucket = 'keeper-any';
let world: KeeperWorld;
beforeAll(async () => {
  world = await createKeeperWorld(nameless.kind);
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
