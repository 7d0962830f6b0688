// Pictures: what stands left (objects) and right (rows), and the pairs that come out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anObject, aRow } from '../../../test/support/reconciler-examples.ts';
import { compareKeys } from '../../shared/key-order.ts';
import { pairUp } from './pair-up.ts';

async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T, void, void> {
  yield* items;
}

async function pictureOf(objects: readonly string[], rows: readonly string[]): Promise<string[]> {
  const pairs = pairUp(streamOf(objects.map((key) => anObject({ key }))), streamOf(rows.map((key) => aRow({ key }))));
  const picture: string[] = [];
  for await (const { key, object, row } of pairs) picture.push(`${object ? key : '·'}|${row ? key : '·'}`);
  return picture;
}

test.each<[string, string[], string[], string[]]>([
  ['nothing on either side', [], [], []],
  ['the same on both', ['a', 'b'], ['a', 'b'], ['a|a', 'b|b']],
  ['only objects', ['a', 'b'], [], ['a|·', 'b|·']],
  ['only rows', [], ['a', 'b'], ['·|a', '·|b']],
  ['one missing in the middle', ['a', 'c'], ['a', 'b', 'c'], ['a|a', '·|b', 'c|c']],
  ['one too many at each end', ['a', 'b'], ['b', 'c'], ['a|·', 'b|b', '·|c']],
  ['nothing in common', ['b', 'd'], ['a', 'c'], ['·|a', 'b|·', '·|c', 'd|·']],
  ['U+FF5E before U+1F600, as S3 sorts', ['\uff5e', '\u{1f600}'], ['\u{1f600}'], ['\uff5e|·', '\u{1f600}|\u{1f600}']],
])('%s', async (_name, objects, rows, picture) => {
  expect(await pictureOf(objects, rows)).toEqual(picture);
});

test.each([
  [['b', 'a'], []],
  [['a', 'a'], []],
  [[], ['b', 'a']],
  [['a'], ['a', 'a']],
  [['\u{1f600}', '\uff5e'], []],
])('refuses a side that goes back or repeats: %j %j', async (objects, rows) => {
  await expect(pictureOf(objects, rows)).rejects.toMatchObject({ code: 'ListingUnordered' });
});

test('says of any two sets what a naive model says', async () => {
  const keys = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 3 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(keys, keys, async (objects, rows) => {
      const all = [...new Set([...objects, ...rows])].sort(compareKeys);
      const model = all.map((key) => `${objects.includes(key) ? key : '·'}|${rows.includes(key) ? key : '·'}`);
      expect(await pictureOf(objects.toSorted(compareKeys), rows.toSorted(compareKeys))).toEqual(model);
    }),
  );
});

test('closes both sides when the consumer stops, and when one of them throws', async () => {
  const closed: string[] = [];
  async function* watched<T>(name: string, items: readonly T[], error?: Error): AsyncGenerator<T, void, void> {
    try {
      yield* items;
      if (error) throw error;
    } finally {
      closed.push(name);
    }
  }
  const objects = [anObject({ key: 'a' }), anObject({ key: 'b' })];
  for await (const _pair of pairUp(
    watched('objects', objects),
    watched('rows', [aRow({ key: 'a' }), aRow({ key: 'b' })]),
  ))
    break;
  expect(closed.sort()).toEqual(['objects', 'rows']);

  closed.length = 0;
  const failing = pairUp(
    watched('objects', objects, new Error('cut')),
    watched('rows', [aRow({ key: 'z' }), aRow({ key: 'zz' })]),
  );
  await expect(Array.fromAsync(failing)).rejects.toThrow('cut');
  expect(closed.sort()).toEqual(['objects', 'rows']);
});
