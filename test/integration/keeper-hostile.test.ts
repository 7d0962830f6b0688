// The keeper against what is meant to break it: names that are none, disks that fail for a moment, one bad entry among
// good ones, clients that don't read. P2, P3, P4.
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type EmulatorKind, fauxqs } from '../support/emulator.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { waitFor } from '../support/wait-for.ts';

const Bucket = 'keeper-hostile';
let world: KeeperWorld;

beforeAll(async () => {
  world = await createKeeperWorld(fauxqs);
  await world.client.send(new CreateBucketCommand({ Bucket }));
}, 60_000);
afterAll(() => world?.stop());

const soon = () => AbortSignal.timeout(5_000);
const urlOf = (key: string) => `${world.keeper.url}/${Bucket}/${key}`;
const put = (key: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(urlOf(key), { method: 'PUT', body, signal: soon() });
const get = async (key: string) => {
  const answer = await fetch(urlOf(key), { signal: soon() });
  return `${answer.status} ${await answer.text()}`;
};
const bodiesFolder = () => path.join(world.folder, 'store', 'bodies');

/** Puts an object that is large enough for a file of its own; the file's path. */
async function putInFile(key: string): Promise<string> {
  const before = new Set(await readdir(bodiesFolder()));
  expect((await put(key, Buffer.alloc(100_000, key))).status).toBe(200);
  const [name = ''] = (await readdir(bodiesFolder())).filter((one) => !before.has(one));
  return path.join(bodiesFolder(), name);
}

test.each(['no%20bucket', 'a%3Fb', 'n%C3%B6', '%00'])(
  'a bucket named %s is answered for, and holds up nothing',
  async (bucket) => {
    const url = `${world.keeper.url}/${bucket}/key`;
    const answer = await fetch(url, { method: 'PUT', body: 'x', signal: soon() });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    await answer.text();
    expect((await fetch(url, { method: 'DELETE', signal: soon() })).status).toBeLessThan(500);
  },
);

test('a deletion of a key that is no Unicode is refused, and holds up no other key', async () => {
  await put('neighbour', '1');
  const body = '<Delete><Object><Key>neighbour</Key></Object><Object><Key>&#xD800;</Key></Object></Delete>';
  const answer = await fetch(`${world.keeper.url}/${Bucket}?delete`, { method: 'POST', body, signal: soon() });
  expect(answer.status).toBe(400);
  expect((await put('neighbour', '2')).status).toBe(200);
});

test('clients that never end their bodies keep nobody waiting', async () => {
  await put('small', 'small');
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 280; i++) {
    const socket = connect(world.keeper.port, '127.0.0.1').on('error', () => {});
    socket.write(`PUT /${Bucket}/slow-${i} HTTP/1.1\r\nHost: keeper\r\nContent-Length: 100\r\n\r\nhalf`);
    sockets.push(socket);
  }
  await waitFor('all to have written', () =>
    sockets.every(({ bytesWritten, pending }) => !pending && bytesWritten > 0),
  );
  expect(await get('small')).toBe('200 small');
  expect((await put('small', 'again')).status).toBe(200);
});

test('while an object can not be read for a moment the emulator is not taken for whole, and all others are served', async () => {
  const file = await putInFile('unreadable');
  await put('readable', 'x');
  const { session } = world.keeper.status();
  await world.emulator.kill();
  await rename(file, `${file}.aside`);
  await mkdir(file); // reading it fails, as a disk does that is away for a moment
  await world.emulator.start();
  const isNew = () => ![session, null].includes(world.keeper.status().session);
  await waitFor('the new emulator to be served', isNew);
  expect(await get('unreadable')).toMatch(/^503 .*EISDIR/s);
  expect(await get('readable')).toBe('200 x');
  expect(await get('')).toMatch(/^503 .* of \d+ objects so far/s);
  expect(world.keeper.status().state).toBe('restoring');
  await rmdir(file);
  await rename(`${file}.aside`, file);
  await waitFor('the keeper to be ready', () => world.keeper.status().state === 'ready');
  expect((await get('unreadable')).slice(0, 14)).toBe('200 unreadable');
});

test('a damaged entry that a killed keeper was changing is left out; the rest is served', async () => {
  const file = await putInFile('damaged');
  await put('sound', 'sound');
  await world.keeper.close(); // the restart below closes it again, which does no harm
  await fetch(`${world.emulator.url}/${Bucket}/damaged`, { method: 'DELETE' });
  const bytes = await readFile(file);
  bytes[50_000] = 0;
  await writeFile(file, bytes);
  const begin = { id: 1, bucket: Bucket, key: 'damaged', operation: '{"operation":"put-object"}' };
  await appendFile(path.join(world.folder, 'store', 'intents.log'), `${JSON.stringify({ begin })}\n`);
  await world.restartKeeper();
  expect(await get('sound')).toBe('200 sound');
  expect(world.keeper.status().damaged).toMatchObject([{ key: 'damaged' }]);
}, 20_000);

test('when the thread that writes has died, it says that it must be started again', async () => {
  const livez = async () => (await fetch(`${world.keeper.url}/_keeper/livez`)).status;
  const { promise: started, resolve } = Promise.withResolvers<Worker>();
  process.once('worker', resolve);
  await world.restartKeeper();
  expect(await livez()).toBe(200);
  await (await started).terminate();
  expect((await put('too late', 'x')).status).toBe(500);
  expect(await livez()).toBe(503);
  await world.restartKeeper();
  expect(await livez()).toBe(200);
  expect((await put('too late', 'in time')).status).toBe(200);
});

/** An emulator that takes an object once, and refuses it ever after. */
const forgetful: EmulatorKind = {
  ...fauxqs,
  async create(folder) {
    const emulator = await fauxqs.create(folder);
    let refusals = -1;
    const front = http.createServer((req, res) => {
      if (req.method === 'PUT' && req.url?.endsWith('/refused') && ++refusals > 0) {
        res.writeHead(400).end('<Error><Code>Refused</Code></Error>');
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

test('an object that the emulator refuses to take back is an error, never absent, until it is deleted', async () => {
  const other = await createKeeperWorld(forgetful);
  onTestFinished(() => other.stop());
  const url = `${other.keeper.url}/${Bucket}`;
  const ask = async (method: string) => (await fetch(`${url}/refused`, { method, signal: soon() })).status;
  await fetch(url, { method: 'PUT' });
  expect((await fetch(`${url}/refused`, { method: 'PUT', body: 'x' })).status).toBe(200);
  await other.restartEmulator();
  expect(other.keeper.status().damaged).toMatchObject([{ key: 'refused' }]);
  expect(await ask('GET')).toBe(500);
  expect(await ask('HEAD')).toBe(500);
  expect(await ask('DELETE')).toBe(204);
  expect(await ask('GET')).toBe(404);
});
