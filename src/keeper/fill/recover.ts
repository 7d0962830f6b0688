// Makes emulator and store agree in a session that is new to this process. The session the store remembers: an earlier
// keeper served this very emulator, and only what it left open can differ. Any other: the store is right, and the emulator
// is filled. Until that is done the store remembers the session before, so that a keeper killed meanwhile begins again.
import { noFill } from '../turn/progress.ts';
import { WholeKeys } from '../turn/whole-keys.ts';
import type { EmulatorClient } from '../upstream/client.ts';
import type { Recovery } from '../upstream/recovery.ts';
import type { EmulatorSession } from '../upstream/session-source.ts';
import { createFilling, type FillParts } from './fill.ts';
import { prepare } from './prepare.ts';
import { settleEarlier } from './settle-earlier.ts';

/** Before the first answer. Resolves with what is left then; undefined when all is whole. @throws when the emulator fails */
export async function recover(
  parts: FillParts,
  session: EmulatorSession,
  options: { readonly client: EmulatorClient; readonly epoch: number; readonly signal: AbortSignal },
): Promise<Recovery | undefined> {
  const { store, logger, progress, wholeness } = parts;
  const client = stoppable(options.client, options.signal);
  if (store.session() === session.id && !wholeness.isDistrusted) {
    wholeness.end();
    await settleEarlier(store, client, { logger, signal: options.signal });
    return undefined;
  }
  const intents = store.openIntents();
  logger.info({ session: session.id, openIntents: intents.length, ...store.counts() }, 'filling the emulator');
  Object.assign(progress, noFill(), { startedAt: Date.now() });
  const keys = new WholeKeys();
  await prepare(store, client, {
    ...options,
    progress,
    logger,
    onCaptured: (name) => keys.add(name, store.object(name.bucket, name.key)?.sizeBytes ?? 0),
  });
  const { objects, bytes } = store.counts();
  Object.assign(progress, { objectsTotal: objects, bytesTotal: bytes });
  wholeness.begin(keys);
  return {
    run: createFilling(parts, options.epoch, keys),
    async finish() {
      await store.commit({ kind: 'set-session', session: session.id });
      for (const intent of intents) store.endIntent(intent); // the filling decided them
      wholeness.end();
      const { objects: objectsDone, bytes: bytesDone } = keys.done;
      Object.assign(progress, { objectsDone, objectsTotal: objectsDone, bytesDone, bytesTotal: bytesDone });
      progress.finishedAt = Date.now();
      logger.info({ objects: objectsDone, bytes: bytesDone }, 'the emulator is whole');
    },
  };
}

/** Begins no more calls once the keeper stops. */
function stoppable(client: EmulatorClient, signal: AbortSignal): EmulatorClient {
  return {
    ...client,
    call(method, path, options) {
      signal.throwIfAborted();
      return client.call(method, path, options);
    },
    stream(method, path, options) {
      signal.throwIfAborted();
      return client.stream(method, path, options);
    },
  };
}
