// P3, whole per key before it is answered. While the emulator is filled, a client's own keys come first, requests that tell
// of many wait for all, and nothing is ever put back over something newer. The walk is held at its first sixteen keys.
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createChild } from '../support/child.ts';
import { fauxqs, localStack } from '../support/emulator.ts';
import { freePort } from '../support/free-port.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';

const bucket = 'keeper-on-demand';
const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
const early = Array.from({ length: 16 }, (_, i) => `a/${String(i).padStart(2, '0')}`);
const heldWalk = /^PUT \/keeper-on-demand\/a\//;

for (const base of [fauxqs, localStack]) {
  describeWith(base.requirements, `while ${base.name} is filled`, () => {
    const front = holdable(base);
    let world: KeeperWorld;
    beforeAll(async () => {
      world = await createKeeperWorld(front.kind);
      await ask('PUT', '');
    }, 180_000);
    afterEach(async () => {
      front.release();
      await waitFor('the keeper to be whole', () => world.keeper.status().state === 'ready', { timeoutMs: 60_000 });
    }, 60_000);
    afterAll(() => world?.stop());

    interface Asking {
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
      readonly url?: string;
    }

    const ask = async (method: string, key: string, { url = world.keeper.url, headers, ...rest }: Asking = {}) => {
      const slash = key === '' || key.startsWith('?') ? '' : '/';
      const answer = await fetch(`${url}/${bucket}${slash}${key}`, {
        method,
        headers: { authorization, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
        ...rest,
      });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    };
    const get = async (key: string, asking: Asking = {}) => {
      const { status, text } = await ask('GET', key, asking);
      return status === 200 ? text : String(status);
    };
    const put = async (keys: readonly string[]) => {
      for (const key of keys) expect((await ask('PUT', key, { body: key })).status).toBe(200);
    };
    const listed = async () => {
      const { text } = await ask('GET', '?list-type=2');
      return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key);
    };
    /** A new emulator, answered for, with the walk held at its first keys. */
    const restartHeld = async () => {
      const { session } = world.keeper.status();
      await world.emulator.kill();
      front.release(); // the contents of the old one
      front.hold(heldWalk);
      await world.emulator.start();
      await waitFor('the walk to be held', () => front.heldCount === early.length, { timeoutMs: 60_000 });
      expect(world.keeper.status()).toMatchObject({
        state: 'restoring',
        session: expect.not.stringMatching(`${session}`),
      });
    };

    test('its own keys are read, written, deleted and copied at once; what tells of all waits', async () => {
      const keys = Array.from({ length: 9 }, (_, i) => `z/${i}`);
      await put([...early, ...keys]);
      await restartHeld();

      expect(await get('z/0')).toBe('z/0');
      expect((await ask('HEAD', 'z/1')).status).toBe(200);
      expect(await get('never')).toBe('404');
      expect((await ask('PUT', 'z/2', { body: 'newer' })).status).toBe(200);
      expect((await ask('PUT', 'new', { body: 'new' })).status).toBe(200);
      expect((await ask('DELETE', 'z/3')).status).toBe(204);
      expect((await ask('PUT', 'copy', { headers: { 'x-amz-copy-source': `/${bucket}/z/4` } })).status).toBe(200);
      const both = '<Delete><Object><Key>z/5</Key></Object><Object><Key>z/6</Key></Object></Delete>';
      expect((await ask('POST', '?delete', { body: both })).status).toBe(200);
      expect(await Promise.all(['z/2', 'new', 'z/3', 'copy', 'z/5'].map((key) => get(key)))).toEqual(
        ['newer', 'new', '404', 'z/4', '404'], // prettier: one line
      );

      const waiting = [ask('GET', '?list-type=2'), ask('POST', 'z/8?uploads'), ask('DELETE', '')];
      for (const { status, text, headers } of await Promise.all(waiting)) {
        expect([status, headers.get('retry-after')]).toEqual([503, '1']);
        expect(text).toMatch(/of \d+ objects so far; this call waits for all of it/);
      }
      expect((await ask('HEAD', '')).status).toBe(200);
      expect((await fetch(world.keeper.url, { headers: { authorization } })).status).toBe(200);
      const ready = await fetch(`${world.keeper.url}/_keeper/readyz`);
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'restoring' }]);
      expect(world.keeper.status().restore).toMatchObject({ finishedAt: null });

      front.release();
      await world.keeper.ready();
      const expected = [...early, 'copy', 'new', 'z/0', 'z/1', 'z/2', 'z/4', 'z/7', 'z/8'];
      const bodies = { copy: 'z/4', 'z/2': 'newer' } as Readonly<Record<string, string>>;
      for (const turn of ['now', 'after another restart']) {
        expect([turn, await listed()]).toEqual([turn, expected]);
        for (const key of expected) expect(await get(key)).toBe(bodies[key] ?? key);
        if (turn === 'now') await world.restartEmulator();
      }
      const { objectsDone, objectsTotal, secondsLeft } = world.keeper.status().restore;
      expect([objectsDone, objectsTotal, secondsLeft]).toEqual([expected.length, expected.length, null]);
    }, 120_000);

    if (base === localStack) return; // a restart of it takes long, and the rest is the keeper's own

    test('many clients of one key wait for one put, and one that leaves takes nothing from the others', async () => {
      await put([...early, 'many']);
      await restartHeld();
      const seenBefore = front.seen.length;
      front.hold(/^PUT \/keeper-on-demand\/(a\/|many)/);
      const leaving = new AbortController();
      const left = ask('GET', 'many', { signal: leaving.signal }).catch(() => 'left');
      await waitFor('the key to be held', () => front.heldCount === early.length + 1);
      const others = Array.from({ length: 20 }, () => get('many'));
      leaving.abort();
      expect(await left).toBe('left');
      front.release();
      expect(new Set(await Promise.all(others))).toEqual(new Set(['many']));
      const puts = front.seen.slice(seenBefore).filter((line) => line === `PUT /${bucket}/many`);
      expect(puts).toHaveLength(1);
    }, 60_000);

    test('the emulator killed meanwhile: what was written stays written, what was deleted stays deleted', async () => {
      await put([...early, 'y/written', 'y/deleted']);
      await restartHeld();
      await ask('PUT', 'y/written', { body: 'newer' });
      await ask('DELETE', 'y/deleted');
      await restartHeld();
      expect([await get('y/written'), await get('y/deleted')]).toEqual(['newer', '404']);
      await ask('DELETE', 'y/written');
      front.release();
      await world.restartEmulator();
      expect([await get('y/written'), await get('y/deleted'), await get('a/07')]).toEqual(['404', '404', 'a/07']);
    }, 120_000);

    test('closing the keeper meanwhile waits for nobody; the next one fills the same emulator again', async () => {
      await put([...early, 'x/deleted', 'x/kept']);
      await restartHeld();
      await ask('DELETE', 'x/deleted');
      await world.keeper.close();
      front.release();
      await world.restartKeeper();
      expect(await Promise.all(['x/deleted', 'x/kept', 'a/03'].map((key) => get(key)))).toEqual([
        '404',
        'x/kept',
        'a/03',
      ]);
      expect(await listed()).not.toContain('x/deleted');
    }, 60_000);

    test('the keeper killed meanwhile: the next one fills the same emulator again, and brings nothing back that was deleted', async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const isServed = async () => (await fetch(`${url}/_keeper/readyz`)).ok;
      await world.keeper.close();
      const keeper = createChild({
        name: 'keeper',
        script: path.resolve(import.meta.dirname, '../../src/cli/main.ts'),
        args: ['keeper', 'run'],
        env: {
          ...process.env,
          S3_PORT: String(port),
          KEEPER_DATA: path.join(world.folder, 'store'),
          KEEPER_UPSTREAM_URL: world.emulator.url,
        },
        logFile: path.join(world.folder, 'keeper.log'),
        isReady: isServed,
      });
      try {
        await keeper.start();
        for (const key of [...early, 'w/deleted', 'w/written'])
          expect((await ask('PUT', key, { body: key, url })).status).toBe(200);
        await world.emulator.kill();
        front.hold(heldWalk);
        await world.emulator.start();
        await waitFor('the walk to be held', () => front.heldCount === early.length, { timeoutMs: 60_000 });
        expect((await ask('DELETE', 'w/deleted', { url })).status).toBe(204);
        expect((await ask('PUT', 'w/written', { body: 'newer', url })).status).toBe(200);
        await keeper.kill();
        front.release(); // the held requests, its last ones, may reach the emulator now
        await keeper.start();
        expect(await Promise.all(['w/deleted', 'w/written'].map((key) => get(key, { url })))).toEqual(['404', 'newer']);
      } finally {
        await keeper.kill();
        await world.restartKeeper();
      }
      expect(await Promise.all(['w/deleted', 'w/written', 'a/15'].map((key) => get(key)))).toEqual([
        '404',
        'newer',
        'a/15',
      ]);
    }, 120_000);
  });
}
