import { expect, test } from 'vitest';
import { type BrakeInput, pullBrakes } from './brakes.ts';

const calm: BrakeInput = {
  sides: { objectsRead: 100, rowsRead: 100, storedRows: 100, missing: 0, orphanImages: 0 },
  identity: { storeId: 'a', databaseId: 'd' },
  remembered: { rowsRead: 100, storeId: 'a', databaseId: 'd' },
  limitedActions: 0,
  limits: { maxCount: 500, maxShare: 0.2 },
};
const sides = (change: Partial<BrakeInput['sides']>) => ({ sides: { ...calm.sides, ...change } });

test.each<[string, Partial<BrakeInput>, boolean, string[]]>([
  ['both sides as they were', {}, false, []],
  ['a first run', { remembered: null }, false, []],
  ['nothing anywhere', sides({ objectsRead: 0, rowsRead: 0, storedRows: 0 }), false, []],
  ['some missing', sides({ objectsRead: 80, missing: 20 }), false, []],
  ['all missing', sides({ objectsRead: 0, missing: 100 }), true, ['BucketLooksEmpty']],
  ['all three missing', sides({ objectsRead: 0, rowsRead: 3, storedRows: 3, missing: 3 }), true, ['BucketLooksEmpty']],
  ['the only two missing', sides({ objectsRead: 0, rowsRead: 2, storedRows: 2, missing: 2 }), false, []],
  ['nine in ten missing', sides({ missing: 90 }), true, ['BucketLooksEmpty']],
  ['fewer missing', sides({ missing: 89 }), false, []],
  ['rows gone that were there', sides({ rowsRead: 0, storedRows: 0, orphanImages: 3 }), true, ['DatabaseLooksEmpty']],
  [
    'strays in a system that never had a row',
    { ...sides({ objectsRead: 3, rowsRead: 0, storedRows: 0 }), remembered: null },
    false,
    [],
  ],
  [
    'many images that an unknown database lacks',
    { ...sides({ rowsRead: 0, storedRows: 0, orphanImages: 100 }), remembered: null },
    true,
    ['DatabaseLooksEmpty'],
  ],
  ['another store with all in it', { identity: { storeId: 'b', databaseId: 'd' } }, false, ['StoreReplaced']],
  [
    'another store with one missing',
    { ...sides({ missing: 1 }), identity: { storeId: 'b', databaseId: 'd' } },
    true,
    ['StoreReplaced'],
  ],
  [
    'no keeper any more, one missing',
    { ...sides({ missing: 1 }), identity: { storeId: null, databaseId: 'd' } },
    true,
    ['StoreReplaced'],
  ],
  [
    'a keeper that does not answer',
    { ...sides({ missing: 1 }), identity: { storeId: undefined, databaseId: 'd' } },
    false,
    [],
  ],
  ['another database that knows all', { identity: { storeId: 'a', databaseId: 'e' } }, false, ['DatabaseReplaced']],
  [
    'another database that lacks some',
    { ...sides({ orphanImages: 2 }), identity: { storeId: 'a', databaseId: 'e' } },
    true,
    ['DatabaseReplaced'],
  ],
  ['as many removals as the share allows', { limitedActions: 20 }, false, []],
  ['more removals than the share allows', { limitedActions: 21 }, true, ['LimitReached']],
  ['20 removals in a small system', { ...sides({ objectsRead: 3, rowsRead: 3 }), limitedActions: 20 }, false, []],
  [
    'more removals than the count allows',
    { limitedActions: 6, limits: { maxCount: 5, maxShare: 1 } },
    true,
    ['LimitReached'],
  ],
])('%s', (_name, change, isPulled, types) => {
  const answer = pullBrakes({ ...calm, ...change });
  expect(answer.isPulled).toBe(isPulled);
  expect(answer.conditions.map(({ type }) => type)).toEqual(types);
});
