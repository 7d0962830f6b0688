import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImageJson } from '../../shared/image.ts';
import { noAnswer } from './failure.ts';
import {
  afterStep,
  inTrayOrder,
  toStart,
  totalsOf,
  type UploadQueue,
  type UploadState,
  type UploadStep,
  withoutEnded,
} from './upload-queue.ts';

const image = { id: 'an-image' } as ImageJson;
const states: Readonly<Record<UploadState['kind'], UploadState>> = {
  waiting: { kind: 'waiting' },
  sending: { kind: 'sending', sentBytes: 40 },
  done: { kind: 'done', image },
  failed: { kind: 'failed', failure: noAnswer },
  cancelled: { kind: 'cancelled' },
};
const steps: readonly UploadStep[] = [
  { kind: 'started', id: 1 },
  { kind: 'sent', id: 1, sentBytes: 999 },
  { kind: 'stored', id: 1, image },
  { kind: 'failed', id: 1, failure: noAnswer },
  { kind: 'cancelled', id: 1 },
  { kind: 'retried', id: 1 },
];
const queueOf = (...kinds: readonly UploadState['kind'][]): UploadQueue =>
  kinds.map((kind, index) => ({ id: index + 1, name: `${index + 1}.png`, sizeBytes: 100, state: states[kind] }));
const picture = (queue: UploadQueue) => queue.map(({ state }) => state.kind).join(' ');

// rows: the state before; columns: the step; '·' where the step changes nothing
test.each([
  ['waiting', 'sending · · · cancelled ·'],
  ['sending', '· sending done failed cancelled ·'],
  ['done', '· · · · · ·'],
  ['failed', '· · · · · waiting'],
  ['cancelled', '· · · · · waiting'],
] as const)('from %s', (kind, expected) => {
  const queue = queueOf(kind);
  const after = steps.map((step) => {
    const next = afterStep(queue, step);
    return next === queue ? '·' : picture(next);
  });
  expect(after.join(' ')).toBe(expected);
});

test('never shows more bytes sent than the file has', () => {
  expect(afterStep(queueOf('sending'), { kind: 'sent', id: 1, sentBytes: 140 })[0]?.state).toEqual({
    kind: 'sending',
    sentBytes: 100,
  });
});

test('starts the first that wait, up to the limit', () => {
  const started = (queue: UploadQueue, limit: number) => toStart(queue, limit).map(({ id }) => id);
  expect(started(queueOf('done', 'waiting', 'waiting', 'waiting'), 2)).toEqual([2, 3]);
  expect(started(queueOf('sending', 'waiting', 'waiting'), 2)).toEqual([2]);
  expect(started(queueOf('sending', 'sending', 'waiting'), 1)).toEqual([]);
});

test('totals leave out what is cancelled, and the bytes of what failed', () => {
  expect(totalsOf(queueOf('waiting', 'sending', 'done', 'failed', 'cancelled'))).toEqual({
    open: 2,
    done: 1,
    failed: 1,
    sentBytes: 140,
    sizeBytes: 300,
  });
});

test('clearing keeps what is open', () => {
  expect(picture(withoutEnded(queueOf('waiting', 'sending', 'done', 'failed', 'cancelled')))).toBe('waiting sending');
});

test('shows what failed first, then what goes on', () => {
  const queue = queueOf('done', 'waiting', 'sending', 'cancelled', 'failed', 'done');
  expect(inTrayOrder(queue).map(({ id }) => id)).toEqual([5, 3, 2, 6, 1, 4]);
});

test('no order of steps loses an upload, revives a stored one, or exceeds the limit', () => {
  const anyStep = fc.record({ id: fc.integer({ min: 1, max: 4 }), step: fc.constantFrom(...steps) });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (sequence) => {
      let queue = queueOf('waiting', 'waiting', 'waiting', 'waiting');
      for (const { id, step } of sequence) {
        if (step.kind === 'started' && !toStart(queue, 2).some((one) => one.id === id)) continue;
        const before = queue;
        queue = afterStep(queue, { ...step, id });
        expect(queue.map((one) => one.id)).toEqual([1, 2, 3, 4]);
        expect(queue.filter(({ state }) => state.kind === 'sending').length).toBeLessThanOrEqual(2);
        for (const [index, { state }] of before.entries())
          if (state.kind === 'done') expect(queue[index]?.state).toBe(state);
      }
    }),
  );
});
