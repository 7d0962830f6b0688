import { expect, test } from 'vitest';
import { CommitLoad } from './commit-load.ts';

test('tells how many commits wait and how long the oldest has, and of each how it ended', () => {
  const ended: (string | null)[] = [];
  const load = new CommitLoad((seconds, failure) => {
    expect(seconds).toBeGreaterThanOrEqual(0);
    ended.push(failure);
  });
  expect(load.now()).toEqual({ count: 0, oldestMs: 0 });
  const endFirst = load.begin();
  const before = load.now().oldestMs;
  const endSecond = load.begin();
  expect(load.now().count).toBe(2);
  expect(load.now().oldestMs).toBeGreaterThanOrEqual(before);
  endSecond('DiskFull');
  endFirst(null);
  expect(load.now()).toEqual({ count: 0, oldestMs: 0 });
  expect(ended).toEqual(['DiskFull', null]);
});
