// The keeper when things break: the emulator gone or hung, the keeper killed in the middle, a client that leaves, calls
// that can't be kept. P1, P3, P4, P5.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKeeper } from '../../src/keeper/index.ts';
import { createKeeperClient } from '../../src/shared/keeper-api.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { fauxqs } from '../support/emulator.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { clientFor, createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { waitFor } from '../support/wait-for.ts';

const Bucket = 'keeper-faults';
let world: KeeperWorld;

beforeAll(async () => {
  world = await createKeeperWorld(fauxqs);
  await world.client.send(new CreateBucketCommand({ Bucket }));
}, 60_000);
afterAll(() => world?.stop());

const urlOf = (key: string) => `${world.keeper.url}/${Bucket}/${key}`;
const put = (key: string, body: string) => fetch(urlOf(key), { method: 'PUT', body });
const get = async (key: string) => {
  const answer = await fetch(urlOf(key));
  return `${answer.status} ${await answer.text()}`;
};

test('while the emulator is away or being filled the answer is 503 with Retry-After, never 404', async () => {
  for (let i = 0; i < 100; i++) await put(`many/${i}`, String(i));
  const answers = new Set<string>();
  let isOver = false;
  const reader = (async () => {
    while (!isOver) {
      const answer = await fetch(urlOf('many/99'));
      const body = await answer.text();
      answers.add(answer.status === 200 ? `200 ${body}` : `${answer.status} ${answer.headers.get('retry-after')}`);
    }
  })();
  await world.emulator.kill();
  await waitFor('a 503', () => answers.has('503 1'));
  await world.restartEmulator();
  isOver = true;
  await reader;
  expect(await get('many/99')).toBe('200 99');
  expect([...answers].sort()).toEqual(['200 99', '503 1']);
});

test('writers that go on through restarts lose nothing that was acknowledged', async () => {
  const acknowledged = new Map<string, string>();
  let isOver = false;
  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; !isOver; turn++) {
      const key = `load/${writer}/${turn % 20}`;
      const answer = await put(key, `${turn}`).catch(() => undefined);
      if (answer?.status === 200) acknowledged.set(key, `${turn}`);
      // Not acknowledged: it may be either, so what was known of the key is not.
      else acknowledged.delete(key);
      await answer?.text().catch(() => {});
    }
  };
  const writers = Array.from({ length: 8 }, (_, i) => write(i));
  for (let restart = 0; restart < 3; restart++) {
    await waitFor('some writes', () => acknowledged.size >= 20, { timeoutMs: 60_000 });
    await world.restartEmulator();
  }
  await waitFor('some writes', () => acknowledged.size >= 20, { timeoutMs: 60_000 });
  isOver = true;
  await Promise.all(writers);
  await world.restartEmulator();
  for (const [key, body] of acknowledged) expect(`${key} ${await get(key)}`).toBe(`${key} 200 ${body}`);
});

test('a keeper started again before the same emulator puts nothing back and loses nothing', async () => {
  await put('kept', 'kept');
  const { session } = world.keeper.status();
  await world.restartKeeper();
  expect(world.keeper.status()).toMatchObject({ session, restore: { startedAt: null } });
  expect(await get('kept')).toBe('200 kept');
});

test('a fresh keeper saves what the emulator already holds', async () => {
  await fetch(`${world.emulator.url}/${Bucket}/seed`, { method: 'PUT', body: 'from an init hook' });
  const fresh = await startKeeper(
    {
      port: 0,
      host: '127.0.0.1',
      upstreamUrl: world.emulator.url,
      folder: path.join(world.folder, 'fresh'),
      retentionMs: 1000,
      retentionBytes: 1000,
    },
    { logger: silentLogger() },
  );
  await fresh.ready();
  const [version] = await createKeeperClient(fresh.url).versions(Bucket, 'seed');
  await fresh.close();
  expect(version).toMatchObject({ state: 'current', sizeBytes: 17 });
});

test('a client that leaves in the middle of a body changes nothing, and the next one is served', async () => {
  await put('left', 'before');
  const { port } = world.keeper;
  const headers = { 'content-length': 10_000_000 };
  const request = http.request({ port, method: 'PUT', path: `/${Bucket}/left`, headers });
  request.on('error', () => {});
  request.write(Buffer.alloc(500_000));
  await once(request, 'drain').catch(() => {});
  request.destroy();
  expect((await put('left', 'after')).status).toBe(200);
  expect(await get('left')).toBe('200 after');
  await world.restartEmulator();
  expect(await get('left')).toBe('200 after');
});

test('a slow body does not keep other writers of its key waiting', async () => {
  const { port } = world.keeper;
  const slow = http.request({ port, method: 'PUT', path: `/${Bucket}/slow`, headers: { 'content-length': 8 } });
  slow.write('slow');
  const answered = once(slow, 'response') as Promise<[http.IncomingMessage]>;
  expect((await put('slow', 'quick')).status).toBe(200);
  expect(await get('slow')).toBe('200 quick');
  slow.end('body');
  const [answer] = await answered;
  answer.resume();
  expect(answer.statusCode).toBe(200);
  expect(await get('slow')).toBe('200 slowbody');
});

test('overwritten and deleted versions are listed and can be had back', async () => {
  const keeper = createKeeperClient(world.keeper.url);
  await put('undo', 'first');
  await put('undo', 'second');
  await fetch(urlOf('undo'), { method: 'DELETE' });
  const states = (await keeper.versions(Bucket, 'undo')).map(({ state, sizeBytes }) => `${state} ${sizeBytes}`);
  expect(states).toEqual(['deleted 6', 'overwritten 5']);
  expect(await keeper.restore({ bucket: Bucket, key: 'undo' })).toMatchObject({ state: 'current', sizeBytes: 6 });
  expect(await get('undo')).toBe('200 second');
  const oldest = (await keeper.versions(Bucket, 'undo')).at(-1);
  await keeper.restore({ bucket: Bucket, key: 'undo', versionId: oldest?.versionId ?? '' });
  await world.restartEmulator();
  expect(await get('undo')).toBe('200 first');
});

test('an object that the emulator lost behind the keeper is put back by undo', async () => {
  await put('lost', 'not lost');
  await fetch(`${world.emulator.url}/${Bucket}/lost`, { method: 'DELETE' });
  await createKeeperClient(world.keeper.url).restore({ bucket: Bucket, key: 'lost' });
  const answer = await fetch(`${world.emulator.url}/${Bucket}/lost`);
  expect(`${answer.status} ${await answer.text()}`).toBe('200 not lost');
});

test('a restore is asked for in JSON, of something that was kept', async () => {
  const restore = (type: string, body: string) =>
    fetch(`${world.keeper.url}/_keeper/restore`, { method: 'POST', headers: { 'content-type': type }, body });
  const never = JSON.stringify({ bucket: Bucket, key: 'never' });
  expect((await restore('text/plain', never)).status).toBe(415);
  expect((await restore('application/json', '{"bucket":1}')).status).toBe(400);
  expect((await restore('application/json', never)).status).toBe(404);
  expect((await fetch(`${world.keeper.url}/_keeper/restore`)).status).toBe(405);
});

test('what could not be kept is refused with a reason and a remedy, and changes nothing', async () => {
  await put('refused', 'as it was');
  const attempts = [
    fetch(`${world.keeper.url}/${Bucket}?versioning`, { method: 'PUT', body: '<VersioningConfiguration/>' }),
    fetch(`${urlOf('refused')}?retention`, { method: 'PUT', body: '<Retention/>' }),
    fetch(`${urlOf('refused')}?tagging`, { method: 'PUT', body: '<Tagging/>' }), // this emulator takes it for a PUT
    fetch(urlOf('refused'), { method: 'PATCH', body: 'x' }),
  ];
  for (const answer of await Promise.all(attempts)) {
    expect(answer.status).toBe(501);
    expect(await answer.text()).toMatch(
      /<Code>NotImplemented<\/Code><Message>Refused by the Keepsake keeper: .+\. .+\.</,
    );
  }
  expect(await get('refused')).toBe('200 as it was');
});

test('tells its health, its status and its metrics, and who it is', async () => {
  for (const name of ['livez', 'readyz', 'status', 'metrics']) {
    const answer = await fetch(`${world.keeper.url}/_keeper/${name}`);
    expect([name, answer.status, answer.headers.has('x-keepsake-keeper')]).toEqual([name, 200, true]);
    if (name === 'metrics') expect(await answer.text()).toContain('keepsake_keeper_ready 1');
    else await answer.arrayBuffer();
  }
});

test.each(['/_keeper', '/_keeper/'])('%s is a page that loads nothing, for whoever looks in', async (path) => {
  const answer = await fetch(`${world.keeper.url}${path}`);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  const page = await answer.text();
  expect(page).toContain('>Ready<');
  expect(page).toContain(world.keeper.url);
});

describe('the keeper as a process', () => {
  const children: ChildProcess[] = [];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-keeper-process-'));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const startProcess = (env: NodeJS.ProcessEnv) => {
    const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
    const child = endWithUs(
      spawn(process.execPath, [main, 'keeper', 'run'], {
        env: { ...process.env, LOG_LEVEL: 'silent', KEEPER_UPSTREAM_URL: world.emulator.url, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    children.push(child);
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    return { child, exit: once(child, 'exit'), errors: () => Buffer.concat(errors).toString() };
  };
  const untilReady = (port: number) =>
    waitFor('the keeper to be ready', async () => (await fetch(`http://127.0.0.1:${port}/_keeper/readyz`)).ok);

  test('killed at any moment and started again, it agrees with the emulator and has all that it acknowledged', async () => {
    const port = await freePort();
    const env = { S3_PORT: String(port), KEEPER_DATA: path.join(folder, 'killed') };
    const client = clientFor(`http://127.0.0.1:${port}`);
    const acknowledged = new Map<string, string>();
    const unsure = new Set<string>();
    for (let cycle = 0; cycle < 4; cycle++) {
      const { child, exit } = startProcess(env);
      await untilReady(port);
      const write = async (writer: number): Promise<void> => {
        for (let turn = 0; ; turn++) {
          const Key = `killed/${writer}/${turn % 5}`;
          unsure.add(Key);
          await client.send(new PutObjectCommand({ Bucket, Key, Body: `${cycle}-${turn}` }));
          acknowledged.set(Key, `${cycle}-${turn}`);
          unsure.delete(Key);
        }
      };
      const writers = Array.from({ length: 6 }, (_, i) => write(i).catch(() => {}));
      await waitFor('some writes', () => acknowledged.size >= 20);
      child.kill('SIGKILL');
      await exit;
      await Promise.all(writers);
    }
    const { child, exit } = startProcess(env);
    await untilReady(port);
    const bodyOf = async (Key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Body?.transformToString();
    };
    for (const [key, body] of acknowledged)
      if (!unsure.has(key)) expect(`${key} ${await bodyOf(key)}`).toBe(`${key} ${body}`);
    const before = await Promise.all([...acknowledged.keys()].map(bodyOf));
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    // A new emulator is filled from the store: what the two held was the same.
    await world.emulator.kill();
    await world.emulator.start();
    startProcess(env);
    await untilReady(port);
    expect(await Promise.all([...acknowledged.keys()].map(bodyOf))).toEqual(before);
    client.destroy();
  }, 90_000);

  test('says in one line why it can not start, and exits with 2', async () => {
    const port = String(world.keeper.port);
    const file = path.join(folder, 'a-file');
    await writeFile(file, '');
    const taken = startProcess({ S3_PORT: port, KEEPER_DATA: path.join(folder, 'taken') });
    const locked = startProcess({ S3_PORT: '0', KEEPER_DATA: path.join(world.folder, 'store') });
    const unusable = startProcess({ S3_PORT: '0', KEEPER_DATA: path.join(file, 'below') });
    const wrong = startProcess({ S3_PORT: 'many' });
    for (const { exit, errors } of [taken, locked, unusable, wrong]) {
      expect(await exit).toEqual([2, null]);
      expect(errors().trimEnd()).toMatch(/^✗ [^\n]+$/);
    }
  });

  test('an emulator that hangs is answered for with 503, and served again when it goes on', async () => {
    const upstream = await freePort();
    const script = path.resolve(import.meta.dirname, '../support/fauxqs.ts');
    const emulator = endWithUs(spawn(process.execPath, [script, String(upstream)], { stdio: 'ignore' }));
    children.push(emulator);
    await waitFor('the emulator', async () => (await fetch(`http://127.0.0.1:${upstream}`)).ok);
    const options = { retentionMs: 1000, retentionBytes: 1000, probeMs: 100, probeTimeoutMs: 500 };
    const keeper = await startKeeper(
      {
        port: 0,
        host: '127.0.0.1',
        upstreamUrl: `http://127.0.0.1:${upstream}`,
        folder: path.join(folder, 'hung'),
        ...options,
      },
      { logger: silentLogger() },
    );
    await keeper.ready();
    await fetch(`${keeper.url}/hung`, { method: 'PUT' });
    emulator.kill('SIGSTOP');
    // Requests that were under way when it hung wait with it; later ones are told.
    const ask = () => fetch(`${keeper.url}/hung`, { signal: AbortSignal.timeout(1_000) });
    await waitFor('a 503', async () => (await ask()).status === 503);
    emulator.kill('SIGCONT');
    await waitFor('a 200', async () => (await ask()).status === 200);
    expect(keeper.status().restore.objectsTotal).toBe(0);
    await keeper.close();
  });

  test('a large body passes in flat memory', async () => {
    // The emulator of this test takes the bytes and forgets them: only the keeper's memory is looked at.
    const sink = http.createServer(async (req, res) => {
      let bytes = 0;
      for await (const chunk of req) bytes += (chunk as Buffer).length;
      const isObject = req.url === `/${Bucket}/large`;
      res.writeHead(req.method === 'HEAD' || !isObject ? 200 : 507, { 'x-bytes': bytes });
      res.end();
    });
    await once(sink.listen(0, '127.0.0.1'), 'listening');
    const upstream = `http://127.0.0.1:${(sink.address() as { port: number }).port}`;
    const port = await freePort();
    const env = { S3_PORT: String(port), KEEPER_DATA: path.join(folder, 'large'), KEEPER_UPSTREAM_URL: upstream };
    const { child } = startProcess(env);
    await untilReady(port);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const totalBytes = 300 * chunk.length;
    const request = http.request({
      port,
      method: 'PUT',
      path: `/${Bucket}/large`,
      headers: { 'content-length': totalBytes },
    });
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    let peakKiB = 0;
    const source = Readable.from(
      (async function* () {
        for (let i = 0; i < 300; i++) {
          if (i % 20 === 19) peakKiB = Math.max(peakKiB, await residentKiB(child.pid ?? 0));
          yield chunk;
        }
      })(),
    );
    source.pipe(request);
    const [answer] = await answered;
    answer.resume();
    expect(answer.headers['x-bytes']).toBe(String(totalBytes));
    expect(peakKiB).toBeLessThan(250 * 1024);
    sink.close();
    sink.closeAllConnections();
  });
});

async function residentKiB(pid: number): Promise<number> {
  const ps = spawn('ps', ['-o', 'rss=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const text = await ps.stdout.setEncoding('utf8').reduce((all: string, part: string) => all + part, '');
  return Number(text.trim());
}
