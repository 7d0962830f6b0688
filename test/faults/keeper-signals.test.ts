// A process that is killed, ended or stopped under load, by name: nothing acknowledged is lost, and what is refused says so.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningKeeper, startKeeper } from '../../src/keeper/index.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { fauxqs, localStack } from '../support/emulator.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';
import { createFaultyWorld, type FaultyWorld, startWriters, type Writers } from './faulty-world.ts';

for (const kind of [fauxqs, localStack]) {
  describeWith(kind.requirements, `a signal to the keeper or to ${kind.name} behind it`, () => {
    let world: FaultyWorld;
    beforeAll(async () => {
      world = await createFaultyWorld({ kind });
    }, 240_000);
    afterAll(() => world?.stop());

    const someWrites = (writers: Writers) => {
      const before = writers.acknowledged();
      return waitFor('some writes', () => writers.acknowledged() >= before + 30, { timeoutMs: 60_000 });
    };

    const killed: [string, boolean, boolean][] = [
      ['the keeper', true, false],
      ['the emulator', false, true],
      ['both', true, true],
    ];
    // A container takes its time to start: before LocalStack the hardest of each kind is enough.
    test.each(kind.isWhole ? killed.slice(-1) : killed)(
      'SIGKILL of %s loses nothing',
      { timeout: 120_000 },
      async (what, ofKeeper, ofEmulator) => {
        const writers = startWriters(world, `killed ${what}`.replaceAll(' ', '-'));
        await someWrites(writers);
        await Promise.all([ofKeeper && world.keeper.end('SIGKILL'), ofEmulator && world.emulator.kill()]);
        if (ofEmulator) await world.emulator.start();
        if (ofKeeper) await world.startKeeper();
        await world.keeper.ready();
        await someWrites(writers);
        await writers.end();
        expect(await writers.wrong()).toEqual([]);
        const told = new Set(['no answer', '503 ServiceUnavailable']);
        expect([...writers.refusals()].filter((refusal) => !told.has(refusal))).toEqual([]);
      },
    );

    test('SIGTERM of the keeper under load answers what is under way, and exits with 0', {
      timeout: 120_000,
    }, async () => {
      const writers = startWriters(world, 'ended');
      await someWrites(writers);
      expect(await world.keeper.end('SIGTERM')).toBe(0);
      await world.startKeeper();
      await world.keeper.ready();
      await writers.end();
      expect(await writers.wrong()).toEqual([]);
    });

    test('SIGSTOP of the keeper lets its clients wait, and SIGCONT serves them', { timeout: 120_000 }, async () => {
      const writers = startWriters(world, 'stopped');
      await someWrites(writers);
      world.keeper.signal('SIGSTOP');
      const answered = writers.acknowledged();
      const late = world.get('stopped/0/0');
      world.keeper.signal('SIGCONT');
      expect(await late).toMatch(/^200 /);
      await waitFor('some more writes', () => writers.acknowledged() > answered + 30);
      await writers.end();
      expect([...writers.refusals()]).toEqual([]);
      expect(await writers.wrong()).toEqual([]);
    });

    describe('SIGSTOP of the emulator', () => {
      let keeper: RunningKeeper;
      beforeAll(async () => {
        await world.keeper.end('SIGTERM');
        const times = { retentionMs: 1000, retentionBytes: 1000, probeMs: 100, probeTimeoutMs: 1_000 };
        const place = {
          port: 0,
          host: '127.0.0.1',
          upstreamUrl: world.emulator.url,
          folder: path.join(world.disk, 'hung'),
        };
        keeper = await startKeeper({ ...place, minFreeBytes: 0, ...times }, { logger: silentLogger() });
        await keeper.ready();
        await fetch(`${keeper.url}/hung`, { method: 'PUT' });
      });
      afterAll(async () => {
        await keeper?.close();
      });

      const put = (key: string, body: string) => fetch(`${keeper.url}/hung/${key}`, { method: 'PUT', body });
      const get = async (key: string) => (await fetch(`${keeper.url}/hung/${key}`)).text();
      const statusOf = async (path: string) => {
        const answer = await fetch(`${keeper.url}${path}`, { signal: AbortSignal.timeout(2_000) });
        await answer.arrayBuffer();
        return `${answer.status} ${answer.headers.get('retry-after')}`;
      };

      test.each([
        ['goes on', () => world.emulator.resume()],
        ['is killed', () => world.emulator.kill().then(() => world.emulator.start())],
      ])(
        'is told, by 503 and by readyz, until it %s; nothing acknowledged is lost',
        { timeout: 120_000 },
        async (end, mend) => {
          const key = end.replace(' ', '-');
          expect((await put(key, 'acknowledged')).status).toBe(200);
          await world.emulator.hang();
          const underWay = put(`${key}-under-way`, 'waits with the emulator').then(
            (answer) => answer.status,
            () => 0,
          );
          await waitFor('a 503', async () => (await statusOf(`/hung/${key}`)) === '503 1');
          expect(await statusOf('/_keeper/readyz')).toMatch(/^503/);
          expect(await statusOf('/_keeper/livez')).toMatch(/^200/);
          expect((await put(key, 'refused')).status).toBe(503);
          await mend();
          await waitFor('a 200', async () => (await statusOf(`/hung/${key}`)).startsWith('200'), { timeoutMs: 60_000 });
          expect(await get(key)).toBe('acknowledged');
          if ((await underWay) === 200) expect(await get(`${key}-under-way`)).toBe('waits with the emulator');
        },
      );
    });
  });
}
