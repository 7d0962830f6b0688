import { expect, test } from 'vitest';
import type { Answer, EmulatorClient } from './client.ts';
import { createSessionSource, sentinelPrefix } from './session-source.ts';

/** The emulator as a session source sees it: buckets, kept or forgotten. */
class Emulator {
  readonly buckets = new Set<string>();
  info: string | undefined;
  isGuarded = false;

  readonly client: EmulatorClient = {
    hasSubResources: false,
    call: async (method, path) => this.#answer(method, path.slice(1)),
    stream: () => Promise.reject(new Error('nothing streams here')),
  };

  #answer(method: string, name: string): Answer {
    const answer = (status: number, body = ''): Answer => ({
      status,
      statusMessage: '',
      headers: [],
      body: Buffer.from(body),
    });
    if (name === '_localstack/info') return this.info === undefined ? answer(404) : answer(200, this.info);
    if (this.isGuarded) return answer(403);
    if (method === 'PUT') this.buckets.add(name);
    else if (!this.buckets.has(name)) return answer(404);
    else if (method === 'DELETE') this.buckets.delete(name);
    return answer(200);
  }
}

const sourceOf = ({ client }: Emulator, lastKnown: string | null = null, machineStart = 'monday') =>
  createSessionSource(client, { lastKnown, machineStart });
const idOf = async (emulator: Emulator, lastKnown: string | null = null, machineStart = 'monday') =>
  (await sourceOf(emulator, lastKnown, machineStart).read(false)).id;

test('the session that LocalStack tells is its session', async () => {
  const emulator = new Emulator();
  emulator.info = '{"session_id": "of LocalStack"}';
  expect(await idOf(emulator)).toBe('of LocalStack');
  expect(emulator.buckets.size).toBe(0);
});

test('one that tells none is another version of it, and gets a sentinel', async () => {
  const emulator = new Emulator();
  emulator.info = '{"version": "1", "edition": "community"}';
  expect(await idOf(emulator)).toContain(sentinelPrefix);
});

test('a sentinel holds from one keeper to the next, until the emulator forgets', async () => {
  const emulator = new Emulator();
  const first = await idOf(emulator);
  expect(await idOf(emulator, first)).toBe(first);
  emulator.buckets.clear();
  expect(await idOf(emulator, first)).not.toBe(first);
});

test('an emulator that was gone and kept its sentinel gets another, and only one', async () => {
  const emulator = new Emulator();
  const source = sourceOf(emulator);
  const { id } = await source.read(false);
  const reborn = await source.read(true);
  expect(reborn.id).not.toBe(id);
  expect([...emulator.buckets]).toEqual([reborn.id.split(' ')[0]]);
  expect((await source.read(false)).id).toBe(reborn.id);
});

test('a sentinel from before the last start of the machine proves nothing', async () => {
  const emulator = new Emulator();
  const before = await idOf(emulator, null, 'monday');
  const after = await idOf(emulator, before, 'tuesday');
  expect(after).not.toBe(before);
  expect(await idOf(emulator, after, 'tuesday')).toBe(after);
});

test('one that verifies signatures is named as such, with the remedy', async () => {
  const emulator = new Emulator();
  emulator.isGuarded = true;
  await expect(idOf(emulator)).rejects.toMatchObject({ code: 'S3AccessDenied', kind: 'person' });
});
