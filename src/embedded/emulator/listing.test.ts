// Pages against a naive model: every page size gives the whole listing, once, in order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../shared/key-order.ts';
import { listPage } from './listing.ts';

function naive(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const rolled = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return end < 0 ? key : key.slice(0, end + delimiter.length);
    });
  return [...new Set(rolled)];
}

test('pages of any size, one after the other, are the whole listing in order', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '～', '\u{1f600}'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 20 }),
      fc.constantFrom('', 'a', 'a/', '/'),
      fc.constantFrom('', '/'),
      fc.integer({ min: 1, max: 5 }),
      (unsorted, prefix, delimiter, maxKeys) => {
        const keys = unsorted.toSorted(compareKeys);
        const listed: string[] = [];
        let after = '';
        for (;;) {
          const page = listPage(keys, { prefix, delimiter, after, maxKeys });
          listed.push(...[...page.keys, ...page.commonPrefixes].toSorted(compareKeys));
          if (!page.isTruncated) break;
          after = page.last;
        }
        expect(listed).toEqual(naive(keys, prefix, delimiter));
      },
    ),
  );
});
