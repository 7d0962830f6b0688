// P1, with a real process and a real SIGKILL: whatever was acknowledged before it is there after it, byte for byte.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { Store } from './contract.ts';
import { openStore } from './open-store.ts';
import { bytesOf, get, temporaryFolder } from './store-fixture.ts';

const kills = 12;

/** The values that each key may hold: the last one acknowledged, or the one under way at the kill. */
interface Expected {
  readonly acknowledged: Map<string, string>;
  readonly tried: Map<string, string>;
}

test(`keeps every acknowledged change through ${kills} SIGKILLs at random moments`, { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  const acknowledged = new Map<string, string>();
  let acknowledgements = 0;
  for (let round = 1; round <= kills; round++) {
    const { tried, count } = await runUntilKilled({ folder, round, acknowledged });
    acknowledgements += count;
    const store = await openStore({ folder, inlineBytes: 1000 });
    expect(store.damaged()).toEqual([]);
    await checkAll(store, { acknowledged, tried });
    // Each change under way is left open, so that the emulator can be asked for its key: one a client at most.
    const open = store.openIntents().map(({ key }) => key);
    expect(open).toEqual(expect.arrayContaining([...tried.keys()]));
    expect(open.length).toBeLessThanOrEqual(4);
    for (const intent of store.openIntents()) store.endIntent(intent);
    await store.close();
    expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
  }
  expect(acknowledgements).toBeGreaterThan(kills * 50);
});

async function runUntilKilled(run: {
  readonly folder: string;
  readonly round: number;
  readonly acknowledged: Map<string, string>;
}): Promise<{ tried: Map<string, string>; count: number }> {
  const killAt = 1 + Math.floor(Math.random() * 400);
  const script = path.join(import.meta.dirname, 'killed-writer.ts');
  const child = spawn(process.execPath, [script, run.folder, String(run.round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const tried = new Map<string, string>();
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, key = '', ...state] = line.split(' ');
    if (word === 'try') tried.set(key, state.join(' '));
    if (word !== 'ack') continue;
    tried.delete(key);
    run.acknowledged.set(key, state.join(' '));
    count += 1;
    if (count === killAt) await refuseThenKill(child, run.folder);
  }
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
  return { tried, count };
}

// While the child lives, the folder is its own.
async function refuseThenKill(child: ReturnType<typeof spawn>, folder: string): Promise<void> {
  await expect(openStore({ folder })).rejects.toMatchObject({ code: 'DataFolderLocked' });
  child.kill('SIGKILL');
}

async function checkAll(store: Store, { acknowledged, tried }: Expected): Promise<void> {
  for (const key of new Set([...acknowledged.keys(), ...tried.keys()])) {
    const found = store.object('photos', key)?.etag.replaceAll('"', '') ?? 'deleted';
    expect([acknowledged.get(key) ?? 'deleted', tried.get(key)]).toContain(found);
    acknowledged.set(key, found);
    if (found === 'deleted') continue;
    const [sizeBytes, seed] = found.split(' ').map(Number);
    expect((await get(store, key))?.equals(bytesOf(sizeBytes ?? 0, seed))).toBe(true);
  }
}
