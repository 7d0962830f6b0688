import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from './key-order.ts';

const wellFormed = fc.string({ unit: 'binary', maxLength: 12 });

test('orders keys as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(wellFormed, wellFormed, (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareKeys(left, right))).toBe(bytes);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a', 'b'],
  ['a', 'aa'],
  ['images/a', 'images/a/'],
  ['Z', 'a'],
  ['é', 'ｦ'],
  ['\uff5e', '\u{1f600}'],
])('puts %j before %j', (first, second) => {
  expect(compareKeys(first, second)).toBeLessThan(0);
  expect(compareKeys(second, first)).toBeGreaterThan(0);
});
