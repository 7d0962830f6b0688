import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WholeKeys } from './whole-keys.ts';

const name = (key: string, bucket = 'b') => ({ bucket, key });
const sized = (key: string, bucket = 'b') => ({ bucket, key, sizeBytes: 10 });

test('nothing is whole at first', () => {
  const keys = new WholeKeys();
  expect([keys.has(name('a')), keys.done]).toEqual([false, { objects: 0, bytes: 0 }]);
});

test('what the walk has passed is whole, also what it never met', () => {
  const keys = new WholeKeys();
  keys.begin(sized('b'));
  expect(keys.has(name('a'))).toBe(false);
  keys.add(name('b'), 10);
  expect([keys.has(name('a')), keys.has(name('b')), keys.has(name('c'))]).toEqual([true, true, false]);
  expect(keys.has(name('z', 'a'))).toBe(true);
  expect(keys.has(name('a', 'c'))).toBe(false);
});

test('what is done behind an unfinished one is whole itself, and nothing beside it', () => {
  const keys = new WholeKeys();
  for (const key of ['a', 'c']) keys.begin(sized(key));
  keys.add(name('c'), 10);
  expect([keys.has(name('a')), keys.has(name('b')), keys.has(name('c'))]).toEqual([false, false, true]);
  expect(keys.unfinished()).toMatchObject([{ key: 'a' }]);
  keys.add(name('a'), 10);
  expect(keys.has(name('b'))).toBe(true);
  expect(keys.done).toEqual({ objects: 2, bytes: 20 });
});

test('one put back ahead is counted once when the walk comes to it', () => {
  const keys = new WholeKeys();
  keys.add(name('x'), 10);
  keys.add(name('x'), 10);
  expect(keys.done).toEqual({ objects: 1, bytes: 10 });
  keys.begin(sized('x'));
  expect([keys.unfinished(), keys.done]).toEqual([[], { objects: 1, bytes: 10 }]);
});

test('of what was done ahead the oldest is forgotten beyond the limit', () => {
  const keys = new WholeKeys(2);
  for (const key of ['x', 'y', 'z']) keys.add(name(key), 10);
  expect(['x', 'y', 'z'].map((key) => keys.has(name(key)))).toEqual([false, true, true]);
  expect(keys.done).toEqual({ objects: 2, bytes: 20 });
});

test('tells the walk to wait when one key holds up too many', () => {
  const keys = new WholeKeys(2);
  for (const key of ['a', 'b']) keys.begin(sized(key));
  keys.add(name('b'), 10);
  expect(keys.isFull).toBe(true);
  keys.add(name('a'), 10);
  expect(keys.isFull).toBe(false);
});

test('never calls a key whole that was neither put back nor passed', () => {
  const step = fc.record({ index: fc.nat(9), isAhead: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, limit) => {
      const all = Array.from({ length: 10 }, (_, i) => `k${i}`);
      const keys = new WholeKeys(limit);
      const putBack = new Set<string>();
      let begun = 0;
      for (const { index, isAhead } of steps) {
        const key = isAhead ? all[index] : all[begun];
        if (key === undefined) continue;
        if (!isAhead) {
          keys.begin(sized(key));
          begun += 1;
        }
        if (isAhead || index % 2 === 0) {
          keys.add(name(key), 10);
          putBack.add(key);
        }
        for (const one of all) if (keys.has(name(one))) expect(putBack).toContain(one);
      }
      for (const { key } of keys.unfinished()) keys.add(name(key), 10);
      for (const one of all.slice(0, begun)) expect(keys.has(name(one))).toBe(true);
    }),
  );
});
