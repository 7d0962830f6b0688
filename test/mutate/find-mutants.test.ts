// The operators, each by the smallest text that has it, and what is woven of them.
import { expect, test } from 'vitest';
import { findChanges } from './find-mutants.ts';
import { weave } from './weave.ts';

const changes = (text: string) =>
  findChanges('a.ts', text).map(({ operator, start, end, replacement }) =>
    [operator, text.slice(start, end), replacement].join(' | '),
  );

test.each([
  ['a decision', 'const x = a ? 1 : 2;', ['condition | a | true', 'condition | a | false']],
  ['what a decision does alone is that decision', 'if (a) { b(); }', ['condition | a | true', 'condition | a | false']],
  [
    'where else there is more',
    'if (a) b(); else c();',
    ['condition | a | true', 'condition | a | false', 'statement | b(); | ', 'statement | c(); | '],
  ],
  [
    'a guard',
    'function f(a) { if (a) return; b(); }',
    ['condition | a | true', 'guard | a | false', 'statement | b(); | '],
  ],
  ['both of two', 'const x = a && b;', ['condition | a && b | a', 'condition | a && b | b']],
  [
    'a test of two, one turned round',
    'x = a && !b ? 1 : 2;',
    [
      'statement | x = a && !b ? 1 : 2; | ',
      'condition | a && !b | false',
      'condition | a && !b | a',
      'condition | a && !b | !b',
    ],
  ],
  ['a negation', 'const x = !a;', ['condition | !a | a']],
  ['a comparison', 'const x = a === b;', ['condition | a === b | a !== b']],
  ['a boundary', 'const x = a < b;', ['condition | a < b | a >= b', 'boundary | a < b | a <= b']],
  ['one more', 'const x = a + 1;', ['boundary | a + 1 | a']],
  [
    'a loop, that never ends',
    'while (a < 1) a += b;',
    ['condition | a < 1 | false', 'boundary | a < 1 | a <= 1', 'statement | a += b; | '],
  ],
  ['a list of words', "const x = ['a', 'b'];", ["condition | ['a', 'b'] | ['b']", "condition | ['a', 'b'] | ['a']"]],
  ['an await', 'const x = await a;', ['await | await a | a']],
  ['an await that is returned', 'async function f() { return await a; }', []],
  [
    'one that is returned out of a try',
    'async function f() { try { return await a; } catch {} }',
    ['await | await a | a'],
  ],
  ['a line of the log', 'this.#logger.info({ a: b && c }); parts.metrics.count.inc();', []],
  [
    'the words of an error',
    "f(new KeepsakeError('X', { what: a ? b : c }));",
    ["statement | f(new KeepsakeError('X', { what: a ? b : c })); | "],
  ],
  ['types', 'type A = B extends C ? D : E; interface F { a: 1 | 2 }', []],
])('finds what to change: %s', (_what, text, expected) => {
  expect(changes(text).sort()).toEqual(expected.toSorted());
});

/** The result of a text with one of its mutants on; 0: none. */
function evaluate(text: string, on: number): unknown {
  const woven = weave(
    text,
    findChanges('a.ts', text).map((one, index) => ({ ...one, id: index + 1 })),
    './switch.ts',
  );
  const body = woven.replace(/^import .*? from "\.\/switch\.ts";/, '');
  return new Function('__isOn', `${body}; return result;`)((id: number) => id === on);
}

test('a woven text does what it did, and with a mutant on what that one does', () => {
  const text =
    'let result = []; for (const a of [1, 2, 3]) { if (a > 1 && a < 3) result.push(a); else result.push(-a); }';
  const found = findChanges('a.ts', text);
  expect(evaluate(text, 0)).toEqual([-1, 2, -3]);
  for (const [index, { start, end, replacement }] of found.entries()) {
    const alone = `${text.slice(0, start)}${replacement === '' ? ';' : replacement}${text.slice(end)}`;
    expect(evaluate(text, index + 1)).toEqual(new Function(`${alone}; return result;`)());
  }
});

test('the lines stay where they are', () => {
  const text = 'const a = 1;\nif (a)\n  b();\n';
  const woven = weave(
    text,
    findChanges('a.ts', text).map((one, id) => ({ ...one, id })),
    './switch.ts',
  );
  expect(woven.split('\n').length).toBe(text.split('\n').length);
});
