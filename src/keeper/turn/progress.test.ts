import { expect, test } from 'vitest';
import { noFill, secondsLeft } from './progress.ts';

const half = { ...noFill(), objectsDone: 50, objectsTotal: 100, bytesDone: 500, bytesTotal: 1000, startedAt: 10_000 };

test.each([
  ['half of it took ten seconds', half, 10],
  ['few objects, but most of the bytes, are left', { ...half, objectsDone: 99, bytesDone: 100 }, 90],
  ['empty objects have no bytes to tell by', { ...half, bytesDone: 0, bytesTotal: 0 }, 10],
  ['all is done but the end', { ...half, objectsDone: 100, bytesDone: 1000 }, 0],
  ['nothing is done yet', { ...half, objectsDone: 0, bytesDone: 0 }, null],
  ['it is over', { ...half, finishedAt: 15_000 }, null],
  ['there was none', noFill(), null],
])('%s', (_, progress, expected) => {
  expect(secondsLeft(progress, 20_000)).toBe(expected);
});
