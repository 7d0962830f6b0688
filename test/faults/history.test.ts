// The oracle of the power cuts: what a key may hold, by what was acknowledged before the cut.
import { expect, test } from 'vitest';
import { createHistory, possibleAt } from './history.ts';

/** Carries out `steps`, one at each place of the journal from 1 on: `+name` begins, `-name` is its acknowledgement. */
function historyOf(...steps: readonly string[]) {
  let position = 0;
  const history = createHistory(() => position);
  const ends = new Map<string, () => void>();
  for (const step of steps) {
    position += 1;
    const name = step.slice(1);
    const end = ends.get(name) ?? history.begin('key', name === 'gone' ? null : name);
    if (step.startsWith('-')) end();
    else ends.set(name, end);
  }
  return (at: number) => [...(possibleAt(history.changes, at).get('key') ?? [])];
}

test.each([
  ['nothing before the first change', 0, [null]],
  ['either while it is under way', 1, [null, 'a']],
  ['it alone once it is acknowledged', 2, ['a']],
  ['it or the next while that is under way', 3, ['a', 'b']],
  ['the next, or a third that overlaps it', 4, ['a', 'b', 'c']],
  ['no more what was acknowledged before', 5, ['b', 'c']],
  ['either of two that overlapped', 6, ['b', 'c']],
  ['either or nothing while it is deleted', 7, ['b', 'c', null]],
  ['nothing once the deletion is acknowledged', 8, [null]],
])('a key holds %s', (_what, at, states) => {
  expect(historyOf('+a', '-a', '+b', '+c', '-b', '-c', '+gone', '-gone')(at)).toEqual(states);
});

test('what was never acknowledged may turn up until something later is acknowledged', () => {
  const possible = historyOf('+a', '-a', '+lost', '+b', '-b', '+c', '-c');
  expect(possible(5)).toEqual(['lost', 'b']);
  expect(possible(7)).toEqual(['lost', 'c']); // nobody knows when it took effect
});
