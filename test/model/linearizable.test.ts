import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain, type Operation } from './linearizable.ts';
import { nothing, put, remove, seen, stateOf } from './register.ts';

interface Named extends Operation {
  readonly name: string;
}

const is = (writer: string | null) => seen((held) => (held?.writer ?? null) === writer);

/** `w a`: puts a; `d`: deletes; `r a`, `r -`: reads a, or nothing. */
function operation(name: string, startedAt: number, endedAt?: number): Named {
  const [verb, value = ''] = name.split(' ');
  const step = verb === 'w' ? put(value, '') : verb === 'd' ? remove() : is(value === '-' ? null : value);
  return { name, startedAt, endedAt, isRead: verb === 'r', step };
}

/** A picture: one line a request, from its start `[` to its answer `]`; without `]` it was never answered. */
function picture(...lines: readonly string[]): readonly Named[] {
  return lines.map((line) => {
    const [, name = '', time = ''] = /^([^|]+?)\s*\|(.*)$/.exec(line) ?? [];
    const end = time.indexOf(']');
    return operation(name, time.indexOf('['), end < 0 ? undefined : end);
  });
}

const kindOf = (operations: readonly Named[]) => explain(nothing, operations).kind;

test.each([
  ['an answered write is read', ['w a |[ ]', 'r a |   [ ]']],
  ['an unanswered write may have happened', ['w a |[', 'r a | [ ]']],
  ['an unanswered write may never have happened', ['w a |[', 'r - | [ ]']],
  ['an unanswered write may happen late', ['w a |[', 'r - | [ ]', 'r a |    [ ]']],
  ['two writes at once end in either order', ['w a |[   ]', 'w b | [ ]', 'r a |      [ ]']],
  ['a read sees what was there when it began', ['w a |[]', 'r a |  [   ]', 'w b |   [ ]']],
  ['reads of a write under way agree', ['w a |[         ]', 'r - | []', 'r a |   [ ]', 'r a |       [ ]']],
  ['a delete between two writes', ['w a |[]', 'd   |  [   ]', 'w b |   [ ]', 'r - |       []']],
])('explains: %s', (_, lines) => {
  expect(kindOf(picture(...lines))).toBe('explained');
});

test.each([
  ['an answered write is lost', ['w a |[ ]', 'r - |   [ ]']],
  ['an older value is back', ['w a |[]', 'w b |  []', 'r a |    []']],
  ['a deleted value is back', ['w a |[]', 'd   |  []', 'r a |    []']],
  ['a value that nobody wrote', ['w a |[]', 'r x |  []']],
  ['a value from the future', ['r a |[]', 'w a |  []']],
  ['an unanswered write was seen and is gone', ['w a |[', 'r a | []', 'r - |    []']],
  ['a newer value was seen and the older one is back', ['w a |[]', 'w b |  [     ]', 'r b |   []', 'r a |     []']],
  ['an unanswered write happened twice', ['w a |[', 'r a | []', 'w b |   []', 'r b |     []', 'r a |       []']],
  ['two readers saw two orders', ['w a |[        ]', 'w b | [        ]', 'r a |  []', 'r b |    []', 'r a |      []']],
])('refuses: %s', (_, lines) => {
  expect(kindOf(picture(...lines))).toBe('unexplained');
});

test('names the answer that nothing explains, and what could have been there', () => {
  const operations = picture('w a |[]', 'w b |  [', 'r x |    []');
  expect(explain(nothing, operations)).toMatchObject({
    kind: 'unexplained',
    operation: { name: 'r x' },
    before: [stateOf({ writer: 'a', tags: '' })],
  });
});

test('many unanswered writes to one key are explained at once', () => {
  const writes = Array.from({ length: 60 }, (_, index) => operation(`w v${index}`, index));
  const reads = [7, 3, 50].map((value, index) => operation(`r v${value}`, 100 + 2 * index, 101 + 2 * index));
  expect(kindOf([...writes, ...reads])).toBe('explained');
  expect(kindOf([...writes, ...reads, operation('r v7', 110, 111)])).toBe('unexplained');
});

// Against the definition itself: every order of every choice of the unanswered ones.
function isExplainedByTrying(operations: readonly Named[]): boolean {
  const tryFrom = (state: string, rest: readonly Named[]): boolean => {
    if (rest.every(({ endedAt }) => endedAt === undefined)) return true;
    return rest.some((next) => {
      const isTooEarly = rest.some(({ endedAt }) => endedAt !== undefined && endedAt < next.startedAt);
      const after = isTooEarly ? undefined : next.step(state);
      return (
        after !== undefined &&
        tryFrom(
          after,
          rest.filter((one) => one !== next),
        )
      );
    });
  };
  return tryFrom(nothing, operations);
}

const anyHistory = fc
  .array(
    fc.record({
      verb: fc.constantFrom('w', 'w', 'r', 'r', 'd'),
      value: fc.constantFrom('a', 'b', '-'),
      start: fc.nat(11),
      length: fc.integer({ min: 1, max: 6 }),
      isAnswered: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((drawn) =>
    drawn.map(({ verb, value, start, length, isAnswered }, index) => {
      const name = verb === 'd' ? 'd' : `${verb} ${verb === 'w' && value === '-' ? 'a' : value}`;
      const startedAt = start + index / 100; // no two at once
      return operation(name, startedAt, isAnswered || verb === 'r' ? start + length + 0.5 + index / 100 : undefined);
    }),
  );

test('agrees with trying every order', () => {
  let explained = 0;
  let unexplained = 0;
  fc.assert(
    fc.property(anyHistory, (operations) => {
      const isExplained = isExplainedByTrying(operations);
      if (isExplained) explained += 1;
      else unexplained += 1;
      expect(kindOf(operations)).toBe(isExplained ? 'explained' : 'unexplained');
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(explained, unexplained)).toBeGreaterThan(100);
});
