import { expect, test } from 'vitest';
import { Doubts } from './doubts.ts';

const isPending = async (promise: Promise<unknown> | undefined): Promise<boolean> => {
  let isOver = false;
  promise?.then(() => {
    isOver = true;
  });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return !isOver;
};

test('a read waits for the change of its key, and for no other', async () => {
  const doubts = new Doubts();
  const end = doubts.open('b', ['k1', 'k2']);
  expect([doubts.settled('b', 'k3'), doubts.settled('c', 'k1')]).toEqual([undefined, undefined]);
  const read = doubts.settled('b', 'k2');
  expect(await isPending(read)).toBe(true);
  end('committed');
  expect(await isPending(read)).toBe(false);
  expect(doubts.settled('b', 'k2')).toBeUndefined();
});

test('a watched read knows whether a change of its key was open at any time since it began', () => {
  const doubts = new Doubts();
  const watch = doubts.watch('b', 'k');
  doubts.open('b', ['other'])('committed');
  doubts.open('c', ['k'])('committed');
  expect(watch.isRaced).toBe(false);
  doubts.open('b', ['k', 'other'])('committed');
  expect(watch.isRaced).toBe(true);
  const end = doubts.open('b', null);
  expect(doubts.watch('b', 'k').isRaced).toBe(true);
  end('committed');
  const [later, left] = [doubts.watch('b', 'k'), doubts.watch('b', 'k')];
  doubts.unwatch(left);
  doubts.open('b', ['k'])('committed');
  expect([later.isRaced, left.isRaced]).toEqual([true, false]);
});

test('a read, be it a listing, knows when a change that it may have shown is undone', () => {
  const doubts = new Doubts();
  const end = doubts.open('b', ['k']);
  const [ofKey, ofBucket, ofAnother] = [doubts.watch('b', 'k'), doubts.watch('b', ''), doubts.watch('b', 'other')];
  end('unknown');
  expect([ofKey.isUndone, ofBucket.isUndone, ofAnother.isUndone]).toEqual([true, true, false]);
});

test('a listing waits for all changes of its bucket, and those of the bucket concern each key', () => {
  const doubts = new Doubts();
  doubts.open('b', ['k']);
  doubts.open('c', null);
  expect(doubts.settled('b', '')).toBeDefined();
  expect(doubts.settled('c', 'any')).toBeDefined();
});
