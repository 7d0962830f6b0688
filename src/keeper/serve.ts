// The keeper's process: it serves until it is told to stop, or until its store can write no more.
import type { KeepsakeError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { KeeperConfig } from './config.ts';
import { collectSeldom } from './heap.ts';
import { type RunningKeeper, startKeeper } from './keeper.ts';

const lookEveryMs = 1_000;
// For answers that are being sent. Changes can't be saved any more, and what waits for them waits for a new start.
const endWithinMs = 1_000;

/**
 * Runs a keeper until `signal` is aborted, and ends it in order. Ends the process itself when ending hangs.
 * @throws KeepsakeError what `startKeeper` throws; why the store can't write any more: only a new start helps (P1)
 */
export async function serveKeeper(
  config: KeeperConfig,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  collectSeldom();
  const keeper = await startKeeper(config, { logger });
  const failure = await stoppedOrFailed(keeper, signal);
  if (failure === undefined) return keeper.close();
  logger.error({ err: failure }, 'the keeper ends: only a new start helps');
  setTimeout(() => process.exit(2), endWithinMs).unref();
  await keeper.close();
  throw failure;
}

function stoppedOrFailed(keeper: RunningKeeper, signal: AbortSignal): Promise<KeepsakeError | undefined> {
  return new Promise((resolve) => {
    const end = (failure: KeepsakeError | undefined): void => {
      clearInterval(timer);
      resolve(failure);
    };
    const timer = setInterval(() => {
      const failure = keeper.failure();
      if (failure !== undefined) end(failure);
    }, lookEveryMs);
    if (signal.aborted) end(undefined);
    else signal.addEventListener('abort', () => end(undefined), { once: true });
  });
}
