// Settles a change whose outcome is not known: makes emulator and store agree on all that it may have touched.
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { type Affected, agree } from '../put-back/agree.ts';
import { isForGood } from '../put-back/put-back.ts';
import type { Store } from '../store/contract.ts';
import type { Emulator } from '../upstream/emulator.ts';

const minRetryMs = 250;
const maxRetryMs = 5_000;

/** How long an emulator may still work on a request whose client is gone. Those seen need milliseconds. */
export const lastRequestsMs = 500;

/** How a change of unknown outcome ended: settled, or left to the next start. */
export type Settlement = 'agreed' | 'keeper stops' | 'store failed';

export interface SettlerOptions {
  readonly store: Store;
  readonly emulator: Emulator;
  readonly logger: Logger;
  /** Objects were put back within a session: the emulator now tells another time of them. */
  readonly onPutBack: () => void;
}

export class Settler {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * Makes emulator and store agree on what was affected, however long it takes. A session that comes after `epoch` does
   * it by its filling. `isAnswered`: the emulator is done with the change; otherwise it may still work on it.
   */
  async settle(
    affected: Affected,
    { epoch, isAnswered }: { readonly epoch: number; readonly isAnswered: boolean },
  ): Promise<Settlement> {
    const { store, logger } = this.#options;
    const { gate } = this.#options.emulator;
    for (let retryMs = minRetryMs; ; retryMs = Math.min(2 * retryMs, maxRetryMs)) {
      try {
        await gate.untilOpenOrOver(epoch);
      } catch {
        return 'keeper stops';
      }
      if (!isAnswered && gate.epoch === epoch) await delay(lastRequestsMs, undefined, { ref: false });
      // A commit whose fsync failed may count when the store is opened again: only then is it known what to agree on.
      if (store.failure() !== undefined) return 'store failed';
      if (gate.epoch !== epoch) return 'agreed';
      try {
        await this.agree(affected, epoch);
        return 'agreed';
      } catch (error) {
        if (isForGood(error)) {
          // a restart would leave it out too
          logger.error({ bucket: affected.bucket, reason: reasonOf(error) }, "a change can't be settled");
          return 'agreed';
        }
        logger.warn({ bucket: affected.bucket, reason: reasonOf(error) }, 'a change is not settled yet');
        gate.suspect();
        await delay(retryMs, undefined, { ref: false });
      }
    }
  }

  /** Makes emulator and store agree at once. @throws as the emulator's calls */
  async agree(affected: Affected, epoch: number): Promise<void> {
    const { store, emulator, onPutBack } = this.#options;
    await agree(store, emulator.clientFor(epoch), affected);
    onPutBack();
  }
}
