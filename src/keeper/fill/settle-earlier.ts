// Settles the changes that an earlier keeper process left open.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../shared/logger.ts';
import { agree } from '../put-back/agree.ts';
import { isForGood } from '../put-back/put-back.ts';
import type { Intent, Store } from '../store/contract.ts';
import { affectedBy } from '../turn/intents.ts';
import { lastRequestsMs } from '../turn/settle.ts';
import type { EmulatorClient } from '../upstream/client.ts';

/** Settles only the settings of buckets: a filling decides all else. @throws as the emulator's calls */
export async function settleSettings(store: Store, client: EmulatorClient, logger: Logger): Promise<void> {
  const settings = store
    .openIntents()
    .filter((intent) => intent.key === null && affectedBy(intent).setting !== undefined);
  for (const intent of settings) await settleIntent(store, client, { intent, logger });
}

/**
 * Settles all of them, once the emulator is done with their requests. An entry that is bad for good is named in the log, so
 * that it does not hold up the others. @throws as the emulator's calls, and when `signal` aborts
 */
export async function settleEarlier(
  store: Store,
  client: EmulatorClient,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const intents = store.openIntents();
  if (intents.length > 0) await delay(lastRequestsMs, undefined, { signal });
  for (const intent of intents) await settleIntent(store, client, { intent, logger });
}

async function settleIntent(
  store: Store,
  client: EmulatorClient,
  { intent, logger }: { readonly intent: Intent; readonly logger: Logger },
): Promise<void> {
  try {
    await agree(store, client, affectedBy(intent));
  } catch (error) {
    if (!isForGood(error)) throw error;
    logger.error({ bucket: intent.bucket, key: intent.key, reason: error.message }, "a change can't be settled");
  }
  store.endIntent(intent);
}
