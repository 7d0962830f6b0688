import path from 'node:path';
import { expect, test } from 'vitest';
import { equivalentOf, faultsOf } from './equivalents.ts';
import type { Mutant } from './mutant.ts';
import { chooseFrom, readOptions } from './options.ts';
import { filesInScope } from './scope.ts';

const root = path.resolve(import.meta.dirname, '../..');
const mutantOf = (id: number, changes: Partial<Mutant> = {}): Mutant => ({
  id,
  operator: 'condition',
  file: 'src/a.ts',
  fn: 'f',
  line: id,
  original: `a${id}`,
  replacement: 'true',
  nth: 0,
  ...changes,
});
const hundred = Array.from({ length: 100 }, (_, index) => mutantOf(index + 1));

test('each entry of the scope names a file that is there', () => {
  expect(filesInScope(root)).toContain('src/keeper/store/verified-bytes.ts');
  expect(() => filesInScope(root, ['src/shared/{key-order,gone}.ts'])).toThrow('got none for src/shared/gone.ts');
});

test('a seed draws the same mutants, wherever their lines and numbers moved', () => {
  const drawn = chooseFrom(hundred, { sample: 10, seed: 7, file: undefined }).map(({ original }) => original);
  const moved = hundred.map((one) => ({ ...one, id: one.id + 5, line: one.line + 40 }));
  expect(drawn).toHaveLength(10);
  expect(chooseFrom(moved, { sample: 10, seed: 7, file: undefined }).map(({ original }) => original)).toEqual(drawn);
  expect(chooseFrom(hundred, { sample: 10, seed: 8, file: undefined }).map(({ original }) => original)).not.toEqual(
    drawn,
  );
});

test('options that make no sense are refused', () => {
  expect(() => readOptions(['--sample', '0'])).toThrow('--sample: expected a whole number from 1, got 0');
  expect(() => readOptions(['--no-such'])).toThrow();
  expect(() => chooseFrom(hundred, { file: 'src/b/*.ts', sample: undefined, seed: 1 })).toThrow('--file');
});

test('an equivalent is found by what it changes, a stale one is a fault, and so are too many', () => {
  const known = { file: 'src/a.ts', fn: 'f', original: 'a1', replacement: 'true', reason: 'why' };
  expect(equivalentOf(mutantOf(1, { line: 99 }), [known])).toBe(known);
  expect(equivalentOf(mutantOf(2), [known])).toBeUndefined();
  expect(faultsOf(hundred, [known])).toEqual([]);
  expect(faultsOf(hundred, [{ ...known, original: 'gone' }])).toEqual([expect.stringContaining('no mutant matches')]);
  const many = hundred.slice(0, 4).map(({ original }) => ({ ...known, original }));
  expect(faultsOf(hundred, many)).toEqual([expect.stringContaining('expected at most 3 %')]);
});
