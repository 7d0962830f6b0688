import { expect, test } from 'vitest';
import { Doubts } from './doubts.ts';
import { bucketLock, keyLock, Locks } from './locks.ts';
import { Turn, type TurnParts } from './turn.ts';

// The real locks and doubts; a restore that goes on for as long as the test wants, and a store that counts.
function partsWhile(restoring: Promise<void>) {
  const intents = new Set<object>();
  const parts = {
    locks: new Locks(),
    doubts: new Doubts(),
    knownBuckets: { has: () => true },
    emulator: { gate: { isOpen: true, epoch: 1, beginWork: () => () => {} } },
    wholeness: { ensureHeld: () => restoring },
    store: {
      beginIntent: (intent: object) => {
        intents.add(intent);
        return intent;
      },
      endIntent: (intent: object) => intents.delete(intent),
    },
  };
  return { ...parts, intents, turnParts: parts as unknown as TurnParts };
}

test('a turn that is left before it is entered leaves nothing behind', async () => {
  const restored = Promise.withResolvers<void>();
  const { locks, doubts, intents, turnParts } = partsWhile(restored.promise);
  const scope = {
    operation: 'put-object',
    affected: { bucket: 'b', keys: ['k'] },
    locks: [bucketLock('b', true), keyLock('b', 'k')],
  };
  const turn = new Turn(turnParts, scope, 1);
  const entering = turn.enter();
  turn.leave(); // the emulator answered early
  restored.resolve();
  await entering;
  await Promise.resolve();
  expect([locks.size, doubts.now().count, intents.size]).toEqual([0, 0, 0]);
});
