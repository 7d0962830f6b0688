import { expect, test } from 'vitest';
import type { AnswerHead } from './answer-head.ts';
import { HeadCache } from './head-cache.ts';

const head: AnswerHead = {
  status: 200,
  statusMessage: 'OK',
  headers: [],
  start: 0,
  end: 0,
  dateAt: -1,
  requestIdAt: -1,
  sizeBytes: 100,
};
const now = { epoch: 1, seal: 's' };

test('gives what was kept for the same state, and drops what was kept for another', () => {
  const cache = new HeadCache();
  for (const other of [
    { epoch: 2, seal: 's' },
    { epoch: 1, seal: 't' },
  ]) {
    cache.keep('v', now, head);
    expect(cache.find('v', now)).toBe(head);
    expect(cache.find('v', other)).toBeUndefined();
    expect(cache.size).toBe(0);
  }
});

test('holds no more than its bounds; what was not used for longest goes', () => {
  const cache = new HeadCache({ maxEntries: 2 });
  cache.keep('a', now, head);
  cache.keep('b', now, head);
  cache.find('a', now);
  cache.keep('c', now, head);
  expect(['a', 'b', 'c'].map((name) => cache.find(name, now))).toEqual([head, undefined, head]);
});

test('counts bytes as entries come, go and are put anew', () => {
  const cache = new HeadCache({ maxBytes: 2_000 });
  for (let i = 0; i < 100; i++) cache.keep('same', now, head);
  for (let i = 0; i < 100; i++) {
    cache.keep(`v${i}`, now, head);
    if (i % 2 === 0) cache.drop(`v${i}`);
  }
  expect(cache.size).toBe(3);
  cache.keep('large', now, { ...head, sizeBytes: 3_000 });
  expect(cache.size).toBe(0);
});
