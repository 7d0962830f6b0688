import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRegister, type Held } from './register.ts';

test('a new key holds nothing', () => {
  expect(createRegister().possible()).toEqual([null]);
});

test('an answered write is all that can be read', () => {
  const register = createRegister();
  register.write('a')();
  expect(register.possible()).toEqual(['a']);
  expect(register.read()(null)).toBe(false);
});

test('an unanswered write may have happened or not', () => {
  const register = createRegister();
  register.write('a')();
  register.write('b');
  expect(register.possible()).toEqual(['a', 'b']);
});

test('two writes at once may end in either order', () => {
  const register = createRegister();
  const [first, second] = [register.write('a'), register.write('b')];
  second();
  first();
  expect(register.possible()).toEqual(['a', 'b']);
});

test('a read may see what was there when it began, and no older value', () => {
  const register = createRegister();
  register.write('a')();
  register.write('b')();
  const read = register.read();
  register.write('c')();
  expect([read('a'), read('b'), read('c'), read(null)]).toEqual([false, true, true, false]);
});

test('an acknowledged delete stays', () => {
  const register = createRegister();
  register.write('a')();
  register.write(null)();
  expect(register.read()('a')).toBe(false);
});

test('what was seen after a crash stays seen', () => {
  const register = createRegister();
  register.write('a')();
  register.write('b');
  register.settle('a');
  expect(register.possible()).toEqual(['a']);
});

test('accepts all that a real register with random delays answers', () => {
  const step = fc.record({ lane: fc.nat(3), isRead: fc.boolean(), isDelete: fc.boolean(), actsFirst: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const register = createRegister();
      let real: Held = null;
      const open = new Map<number, () => void>();
      for (const [index, { lane, isRead, isDelete, actsFirst }] of steps.entries()) {
        open.get(lane)?.();
        open.delete(lane);
        if (isRead) {
          const read = register.read();
          let seen: Held = real;
          open.set(lane, () => {
            if (!actsFirst) seen = real;
            expect(read(seen)).toBe(true);
          });
          continue;
        }
        const value: Held = isDelete ? null : `value ${index}`;
        const answer = register.write(value);
        if (actsFirst) real = value;
        open.set(lane, () => {
          if (!actsFirst) real = value;
          answer();
        });
      }
    }),
  );
});
