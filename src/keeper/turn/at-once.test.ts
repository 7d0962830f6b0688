import { expect, test } from 'vitest';
import { eachAtOnce } from './at-once.ts';

const go = { width: () => 3, signal: new AbortController().signal };
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('does all, never more at once than it may', async () => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  const width = () => (done.length < 4 ? 3 : 1);
  await eachAtOnce(
    Array.from({ length: 12 }, (_, i) => i),
    async (item) => {
      running += 1;
      most = Math.max(most, running);
      if (done.length > 6) expect(running).toBe(1);
      await turn();
      running -= 1;
      done.push(item);
    },
    { ...go, width },
  );
  expect([done.length, most]).toEqual([12, 3]);
});

test('a width of nothing waits for what runs, and takes one when nothing does', async () => {
  const done: number[] = [];
  await eachAtOnce([1, 2, 3], async (item) => void done.push(item), { ...go, width: () => 0 });
  expect(done).toEqual([1, 2, 3]);
});

test('takes no more after a failure, and throws it when all have ended', async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    if (item === 1) throw new Error('item 1');
    await turn();
    ended.push(item);
  };
  await expect(eachAtOnce([0, 1, 2, 3, 4, 5, 6], work, go)).rejects.toThrow('item 1');
  expect(ended.length).toBeLessThan(4);
  const before = [...ended];
  await turn();
  expect(ended).toEqual(before);
});

test('takes no more when it is told to stop', async () => {
  const stop = new AbortController();
  let taken = 0;
  await eachAtOnce(
    [1, 2, 3, 4, 5],
    async () => {
      taken += 1;
      stop.abort();
    },
    { width: () => 1, signal: stop.signal },
  );
  expect(taken).toBe(1);
});
