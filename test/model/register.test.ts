import { expect, test } from 'vitest';
import { explain, type Operation } from './linearizable.ts';
import { heldIn, nothing, put, putIfAbsent, remove, seen, stateOf, tag } from './register.ts';

/** One after the other, each answered; a request that fails on this state is undefined. */
function after(...steps: readonly Operation['step'][]): string | undefined {
  const operations = steps.map((step, index) => ({
    startedAt: 2 * index,
    endedAt: 2 * index + 1,
    isRead: false,
    step,
  }));
  const explanation = explain(nothing, operations);
  return explanation.kind === 'explained' ? explanation.states.join(' or ') : undefined;
}

test('a state is its text', () => {
  for (const held of [null, { writer: 'a', tags: '' }, { writer: 'a', tags: 'b' }])
    expect(heldIn(stateOf(held))).toEqual(held);
});

test('a put replaces the object and its tags, tagging only the tags', () => {
  expect(after(put('a', 'a'), tag('t'))).toBe('a t');
  expect(after(put('a', 'a'), tag('t'), put('b', 'b'))).toBe('b b');
  expect(after(put('a', 'a'), tag(''))).toBe('a ');
});

test('nothing can be tagged where there is no object', () => {
  expect(after(tag('t'))).toBeUndefined();
  expect(after(put('a', 'a'), remove(), tag('t'))).toBeUndefined();
});

test('a put that demands absence happens only there', () => {
  expect(after(putIfAbsent('a', 'a'))).toBe('a a');
  expect(after(put('a', 'a'), putIfAbsent('b', 'b'))).toBeUndefined();
  expect(after(put('a', 'a'), remove(), putIfAbsent('b', 'b'))).toBe('b b');
});

test('what is seen has to be so', () => {
  expect(
    after(
      put('a', 'a'),
      seen((held) => held?.tags === 'a'),
    ),
  ).toBe('a a');
  expect(
    after(
      put('a', 'a'),
      seen((held) => held === null),
    ),
  ).toBeUndefined();
});

test('tags of one write on the object of another are found', () => {
  const overwritten = [put('a', 'a'), tag('t'), put('b', 'b')];
  expect(
    after(
      ...overwritten,
      seen((held) => held?.writer === 'b' && held.tags === 't'),
    ),
  ).toBeUndefined();
});
