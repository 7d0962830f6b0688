// The embedded S3 as others see it: a loopback URL, gone with the process. When its thread dies it is started again,
// empty, on the same port: the keeper sees a new session and fills it.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';

export interface Emulator {
  readonly url: string;
  /** Another one after each start of the thread. */
  session(): string;
  close(): Promise<void>;
}

/** The thread's settings. `port` 0: a free one. */
export interface EmulatorThreadData {
  readonly folder: string;
  readonly port: number;
}

/** Starts the emulator in a thread of its own. `folder`: scratch, for it alone, empty. */
export async function startEmulator(folder: string, logger: Logger): Promise<Emulator> {
  let isClosing = false;
  let starts = 0;
  let session = '';
  let worker: Worker;
  const launch = async (port: number): Promise<number> => {
    starts += 1;
    session = randomUUID(); // before it listens: no answer of the new one belongs to the old session
    const data: EmulatorThreadData = { folder: path.join(folder, String(starts)), port };
    worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data });
    const [bound] = (await once(worker, 'message')) as [number]; // rejects with the thread's error
    worker.on('error', (error) => logger.error({ reason: reasonOf(error) }, 'the embedded S3 failed'));
    worker.once('exit', () => {
      if (!isClosing) revive(bound);
    });
    return bound;
  };
  const revive = (port: number): void => {
    logger.warn({ port }, 'the embedded S3 ended unasked; it is started again');
    launch(port).catch((error: unknown) => {
      logger.fatal({ reason: reasonOf(error) }, 'the embedded S3 could not be started again');
    });
  };
  const port = await launch(0);
  return {
    url: `http://127.0.0.1:${port}`,
    session: () => session,
    close: async () => {
      isClosing = true;
      await worker.terminate();
    },
  };
}
