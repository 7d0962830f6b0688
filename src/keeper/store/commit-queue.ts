// The main thread's side of the commit thread: one batch is under way while the next one gathers. All changes that wait
// for a batch share the next fsync, so the rate of commits grows with the number of clients. When many changes are under
// way, the first waits a moment for the next ones: a transaction costs as much processor time as several changes in it.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { KeepsakeError } from '../../shared/errors.ts';
import type { CommitRequest, CommitThreadOptions } from './commit-thread.ts';
import type { DamagedEntry } from './contract.ts';
import type { BatchOutcome, CommitMessage, Job, JobFailure, JobResult } from './jobs.ts';

/** Jobs in one transaction at most: bounds how long the first of them waits for the last. */
const maxBatch = 256;

/** How long a job waits for those that will come soon (as PostgreSQL's commit_delay), and at how many it waits no longer. */
const defaultGatherMs = 2;
const enoughGathered = 8;

export interface CommitQueueOptions extends CommitThreadOptions {
  /** @default 2 */
  readonly gatherMs?: number;
}

interface Waiting {
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: KeepsakeError) => void;
}

export class CommitQueue {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  #isFlushPlanned = false;
  readonly #gatherMs: number;
  #gathering: NodeJS.Timeout | undefined;
  /** Why no more jobs can be run. */
  #end: KeepsakeError | undefined;
  /** Why the thread died, if it did: nothing can be committed any more. */
  #failure: KeepsakeError | undefined;
  /** Told how many transactions the store has counted, before those who asked for them are. */
  onCommit: (commits: number) => void = () => {};
  #onIdle: (() => void) | undefined;
  /** The damaged entries found while the store was opened. */
  readonly damagedAtOpen: readonly DamagedEntry[];

  private constructor(worker: Worker, damaged: readonly DamagedEntry[], gatherMs: number) {
    this.#worker = worker;
    this.#gatherMs = gatherMs;
    this.damagedAtOpen = damaged;
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (message: CommitMessage) => {
      if (message.kind === 'batch') this.#settle(message);
    });
    worker.on('error', (error) => this.fail(threadFailed(error)));
    worker.on('exit', () => this.fail(threadFailed(undefined)));
  }

  /** Starts the thread. @throws KeepsakeError what opening the store throws (schema.ts) */
  static async start({ gatherMs = defaultGatherMs, ...workerData }: CommitQueueOptions): Promise<CommitQueue> {
    // Node 22 calls node:sqlite experimental; a thread does not inherit that the main thread keeps it to itself.
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const worker = new Worker(new URL('./commit-thread.ts', import.meta.url), { workerData, execArgv });
    const first = await new Promise<CommitMessage>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', (error) => reject(threadFailed(error)));
    });
    if (first.kind === 'unopened') throw toError(first.failure);
    return new CommitQueue(worker, first.kind === 'open' ? first.damaged : [], gatherMs);
  }

  /** Why no commit can succeed any more, until the process is started again; undefined while all is well. */
  get failure(): KeepsakeError | undefined {
    return this.#failure;
  }

  /** Resolves when the job is on disk. `willOthersCome`: soon enough to wait for them. */
  run(job: Job, { willOthersCome = false } = {}): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      this.#waiting.push({ job, resolve, reject });
      if (willOthersCome && this.#waiting.length < enoughGathered) this.#gather();
      else this.#planFlush();
    });
  }

  /** No job can succeed any more: what waits is refused, and what comes. */
  fail(error: KeepsakeError): void {
    if (this.#end === undefined) this.#failure = error; // else it ended because it was told to
    this.#end ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
    this.#rejectUnderWay(this.#end);
  }

  /** Takes no more jobs, and resolves when those it has are done. */
  async drain(): Promise<void> {
    this.#end ??= new KeepsakeError('Internal', { what: "the keeper's store is closed" });
    if (this.#waiting.length + this.#underWay.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Closes the writing connection and ends the thread. */
  async end(): Promise<void> {
    this.#send({ kind: 'close' });
    await this.#ended;
  }

  #gather(): void {
    if (this.#isFlushPlanned || this.#underWay.length > 0) return; // it goes with those
    this.#gathering ??= setTimeout(() => this.#flush(), this.#gatherMs);
  }

  // Not at once: requests that arrived in the same turn of the event loop go together.
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#underWay.length > 0) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#underWay.length > 0 || this.#waiting.length === 0) return;
    this.#underWay = this.#waiting.splice(0, maxBatch);
    try {
      this.#send({ kind: 'batch', jobs: this.#underWay.map(({ job }) => job) });
    } catch (error) {
      this.#rejectUnderWay(new KeepsakeError('Internal', { what: 'a change could not be sent to its thread' }, error));
    }
  }

  #send(request: CommitRequest): void {
    this.#worker.postMessage(request);
  }

  #settle({ outcomes, commits, end }: BatchOutcome): void {
    if (commits !== null) this.onCommit(commits);
    const settled = this.#underWay;
    this.#underWay = [];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind === 'done') settled[index]?.resolve(outcome.result);
      else settled[index]?.reject(toError(outcome.failure));
    }
    if (end) this.fail(toError(end));
    else this.#goOn();
  }

  #rejectUnderWay(error: KeepsakeError): void {
    for (const { reject } of this.#underWay) reject(error);
    this.#underWay = [];
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length > 0) this.#planFlush();
    else this.#onIdle?.();
  }
}

function toError({ code, detail, reason }: JobFailure): KeepsakeError {
  return new KeepsakeError(code, detail, new Error(reason));
}

function threadFailed(cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderUnusable',
    { what: "the thread that writes the keeper's store has ended", remedy: 'Start the keeper again; see the log.' },
    cause,
  );
}
