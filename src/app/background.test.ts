import { expect, test } from 'vitest';
import { silentLogger } from '../shared/logger.ts';
import { startBackground } from './background.ts';

const logger = silentLogger();
const everyMs = 3_600_000;

test('runs at once, and again when woken, also while it runs', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const background = startBackground({
    name: 'x',
    everyMs,
    logger,
    run() {
      const run = Promise.withResolvers<void>();
      started[runs.length]?.resolve();
      runs.push(run);
      return run.promise;
    },
  });
  await started[0]?.promise;
  background.wake();
  runs[0]?.resolve();
  await started[1]?.promise;
  runs[1]?.reject(new Error('a failure does not end the loop'));
  await new Promise(setImmediate);
  background.wake();
  await started[2]?.promise;
  runs[2]?.resolve();
  await background.stop();
  expect(runs).toHaveLength(3);
});

test('stop waits for the run under way and tells it', async () => {
  const end = Promise.withResolvers<void>();
  let told: AbortSignal | undefined;
  const background = startBackground({
    name: 'x',
    everyMs,
    logger,
    run(signal) {
      told = signal;
      return end.promise;
    },
  });
  let isStopped = false;
  const stopping = background.stop().then(() => {
    isStopped = true;
  });
  await new Promise(setImmediate);
  expect([told?.aborted, isStopped]).toEqual([true, false]);
  end.resolve();
  await stopping;
});
