import { expect, test } from 'vitest';
import type { KeeperParts } from '../parts.ts';
import { Doubts } from './doubts.ts';
import { bucketLock, keyLock, Locks } from './locks.ts';
import { Visit } from './turn.ts';

// The real locks and doubts; a restore that goes on for as long as the test wants, and a store that counts.
function partsWhile(restoring: Promise<void>) {
  const intents = new Set<object>();
  const parts = {
    locks: new Locks(),
    doubts: new Doubts(),
    knownBuckets: new Set(['b']),
    gate: { isOpen: true, epoch: 1, beginWork: () => () => {} },
    wholeness: { ensureHeld: () => restoring },
    store: {
      beginIntent: (intent: object) => {
        intents.add(intent);
        return intent;
      },
      endIntent: (intent: object) => intents.delete(intent),
    },
  };
  return { ...parts, intents, keeper: parts as unknown as KeeperParts };
}

test('a turn that is left before it is entered leaves nothing behind', async () => {
  const restored = Promise.withResolvers<void>();
  const { locks, doubts, intents, keeper } = partsWhile(restored.promise);
  const scope = {
    operation: 'put-object',
    affected: { bucket: 'b', keys: ['k'] },
    locks: [bucketLock('b', true), keyLock('b', 'k')],
  };
  const visit = new Visit(keeper, scope, 1);
  const entering = visit.enter();
  visit.leave(); // the emulator answered early
  restored.resolve();
  await entering;
  await Promise.resolve();
  expect([locks.size, doubts.now().count, intents.size]).toEqual([0, 0, 0]);
});
