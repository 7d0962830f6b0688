import { expect, test } from 'vitest';
import { bucketLock, keyLock, Locks } from './locks.ts';

const ready = async (promise: Promise<unknown>): Promise<boolean> => {
  let isReady = false;
  promise.then(() => {
    isReady = true;
  });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return isReady;
};

test('lets writers of one key in one by one, in the order they came', async () => {
  const locks = new Locks();
  const order: number[] = [];
  const write = async (n: number): Promise<void> => {
    const release = await locks.acquireAll([bucketLock('b', true), keyLock('b', 'k')]);
    order.push(n);
    await Promise.resolve();
    release();
  };
  await Promise.all([0, 1, 2, 3, 4].map(write));
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test('keys of one bucket do not wait for each other', async () => {
  const locks = new Locks();
  await locks.acquireAll([bucketLock('b', true), keyLock('b', 'k1')]);
  expect(await ready(locks.acquireAll([bucketLock('b', true), keyLock('b', 'k2')]))).toBe(true);
});

test('a bucket held alone keeps its keys out, and waits for those that came first', async () => {
  const locks = new Locks();
  const releaseKey = await locks.acquireAll([bucketLock('b', true), keyLock('b', 'k')]);
  const alone = locks.acquireAll([bucketLock('b', false)]);
  expect(await ready(alone)).toBe(false);
  const later = locks.acquireAll([bucketLock('b', true), keyLock('b', 'k')]);
  releaseKey();
  const releaseBucket = await alone;
  expect(await ready(later)).toBe(false);
  releaseBucket();
  (await later)();
  expect(locks.size).toBe(0);
});

test('several keys asked for in any order never block each other for ever', async () => {
  const locks = new Locks();
  const take = async (keys: readonly string[]): Promise<void> => {
    const release = await locks.acquireAll([bucketLock('b', true), ...keys.map((key) => keyLock('b', key))]);
    await Promise.resolve();
    release();
  };
  await Promise.all(Array.from({ length: 50 }, (_, i) => take(i % 2 ? ['x', 'y', 'z'] : ['z', 'x', 'x'])));
  expect(locks.size).toBe(0);
});

test('releasing twice releases once', async () => {
  const locks = new Locks();
  const first = await locks.acquireAll([keyLock('b', 'k')]);
  const second = locks.acquireAll([keyLock('b', 'k')]);
  first();
  first();
  await second;
  expect(await ready(locks.acquireAll([keyLock('b', 'k')]))).toBe(false);
});
