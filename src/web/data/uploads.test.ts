import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ImageJson } from '../../shared/image.ts';
import { noAnswer, RequestFailed } from './failure.ts';
import type { SendOptions } from './send-image.ts';
import { Uploads } from './uploads.ts';

/** A server whose answers the test gives by hand. */
function byHand() {
  const calls: { file: File; options: SendOptions; answer: PromiseWithResolvers<ImageJson> }[] = [];
  const stored: string[] = [];
  const uploads = new Uploads({
    parallel: 2,
    send: (file, options) => {
      const answer = Promise.withResolvers<ImageJson>();
      options.signal.addEventListener('abort', () => answer.reject(options.signal.reason));
      calls.push({ file, options, answer });
      return answer.promise;
    },
    onStored: ({ id }) => stored.push(id),
  });
  const picture = () => uploads.queue.map(({ state }) => state.kind).join(' ');
  const files = (count: number) => Array.from({ length: count }, (_, index) => new File(['x'], `${index + 1}.png`));
  return { uploads, calls, stored, picture, files };
}
const image = (id: string) => ({ id }) as ImageJson;

test('sends at most so many at once, and the next when one ends', async () => {
  const { uploads, calls, stored, picture, files } = byHand();
  uploads.add(files(3));
  expect(picture()).toBe('sending sending waiting');
  calls[0]?.answer.resolve(image('a'));
  await nextTurn();
  expect(picture()).toBe('done sending sending');
  expect(stored).toEqual(['a']);
});

test('one failure stops no other, and a retry sends the same file again', async () => {
  const { uploads, calls, stored, picture, files } = byHand();
  uploads.add(files(2));
  calls[0]?.answer.reject(new RequestFailed(noAnswer));
  calls[1]?.answer.resolve(image('b'));
  await nextTurn();
  expect(picture()).toBe('failed done');
  expect(uploads.queue[0]?.state).toEqual({ kind: 'failed', failure: noAnswer });
  uploads.retry(1);
  expect(calls[2]?.file.name).toBe('1.png');
  calls[2]?.answer.resolve(image('a'));
  await nextTurn();
  expect(picture()).toBe('done done');
  expect(stored).toEqual(['b', 'a']);
});

test('cancelling frees the place for the next, and says nothing of a failure', async () => {
  const { uploads, calls, picture, files } = byHand();
  uploads.add(files(3));
  uploads.cancel(1);
  expect(calls[0]?.options.signal.aborted).toBe(true);
  await nextTurn();
  expect(picture()).toBe('cancelled sending sending');
});

test('a retry right after a cancel is not ended by the old answer', async () => {
  const { uploads, calls, picture, files } = byHand();
  uploads.add(files(1));
  uploads.cancel(1);
  uploads.retry(1);
  await nextTurn();
  expect(picture()).toBe('sending');
  uploads.cancel(1);
  expect(calls[1]?.options.signal.aborted).toBe(true);
});

test('tells of each change, and forgets what is over', async () => {
  const { uploads, calls, picture, files } = byHand();
  let changes = 0;
  uploads.addEventListener('change', () => {
    changes += 1;
  });
  uploads.add(files(2));
  calls[0]?.options.onProgress(1);
  calls[0]?.answer.resolve(image('a'));
  await nextTurn();
  expect(changes).toBe(5); // added, started twice, sent, stored
  uploads.clearEnded();
  expect(picture()).toBe('sending');
});
