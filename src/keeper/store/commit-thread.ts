// The thread that owns the store's writing connection: an fsync holds up this thread, never the event loop (P4).
// It takes one batch at a time; what is asked meanwhile waits in the main thread (commit-queue.ts) and is the next batch.
import path from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { mendIndexes } from './index-check.ts';
import type { CommitMessage, Job } from './jobs.ts';
import { preparing } from './prepared.ts';
import { runBatch, toFailure } from './run-batch.ts';
import { openForWriting } from './schema.ts';
import { asStoreError } from './store-errors.ts';

/** The options that the thread starts with. */
export interface CommitThreadOptions {
  readonly folder: string;
  /** Bound on the size of store.db in pages of 4 KiB. For tests of a full disk. @default none */
  readonly maxPages?: number;
}

/** From the main thread: jobs to run as one transaction, or the end. */
export type CommitRequest = { readonly kind: 'batch'; readonly jobs: readonly Job[] } | { readonly kind: 'close' };

if (parentPort) serve(parentPort, workerData as CommitThreadOptions);

function serve(port: MessagePort, { folder, maxPages }: CommitThreadOptions): void {
  const say = (message: CommitMessage): void => port.postMessage(message);
  try {
    const database = openForWriting(path.join(folder, 'store.db'));
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
    const context = { database, prepare: preparing(database), folder };
    port.on('message', (request: CommitRequest) => {
      if (request.kind === 'batch') {
        say({ kind: 'batch', ...runBatch(context, request.jobs) });
        return;
      }
      database.close();
      port.close();
    });
    say({ kind: 'open', damaged: mendIndexes(database) });
  } catch (error) {
    say({ kind: 'unopened', failure: toFailure(asStoreError(error, folder)) });
    port.close();
  }
}
