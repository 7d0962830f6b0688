// Serialises one change: its locks, its intents, how it ends. P1: intent → emulator → commit → answer, alone on its keys from
// the last byte of the body on. A slow body holds no lock: the emulator can't act on it before its end.
import type { IncomingMessage } from 'node:http';
import type { Intent, Store } from '../store/contract.ts';
import type { Answer, EmulatorClient } from '../upstream/client.ts';
import type { Emulator } from '../upstream/emulator.ts';
import { restoring } from '../upstream/gate.ts';
import { collect, givenBy, requestHeaders, send } from '../upstream/send.ts';
import type { BodyTap } from './body-tap.ts';
import type { DoubtEnd, Doubts } from './doubts.ts';
import { describeOperation } from './intents.ts';
import type { KnownBuckets } from './known-buckets.ts';
import type { Locks, Release } from './locks.ts';
import type { Scope } from './scope.ts';
import type { Settler } from './settle.ts';
import type { Wholeness } from './wholeness.ts';

/** The parts that every turn uses. */
export interface TurnParts {
  readonly store: Store;
  readonly emulator: Emulator;
  readonly locks: Locks;
  readonly doubts: Doubts;
  readonly wholeness: Pick<Wholeness, 'ensureHeld'>;
  readonly knownBuckets: KnownBuckets;
  readonly settler: Settler;
}

/** How a request is passed. `path` and `body` replace the client's; `tap` sees a body that passes. */
export interface PassOptions {
  readonly path?: string;
  readonly tap?: BodyTap;
  readonly body?: Uint8Array;
}

/** One change. Its maker calls `leave`, `leaveRefused` or `leaveUnknown` once. */
export class Turn {
  /** The session in which the change began. Answers of another session are not believed. */
  readonly epoch: number;
  readonly #parts: TurnParts;
  readonly #scope: Scope;
  #intents: readonly Intent[] = [];
  #entering: Promise<void> | undefined;
  #release: Release | undefined;
  #endDoubt: ((end: DoubtEnd) => void) | undefined;
  #endWork: (() => void) | undefined;
  #isAnswered = false;
  #isEntered = false;

  constructor(parts: TurnParts, scope: Scope, epoch: number) {
    this.#parts = parts;
    this.#scope = scope;
    this.epoch = epoch;
  }

  /** Calls of the keeper's own in this session. */
  get client(): EmulatorClient {
    return this.#parts.emulator.clientFor(this.epoch);
  }

  /** Takes the locks and writes the intents. Comes before the emulator can act; safe to call again. */
  readonly enter = (): Promise<void> => {
    this.#entering ??= this.#enter();
    return this.#entering;
  };

  async #enter(): Promise<void> {
    const { locks, store, doubts, wholeness, knownBuckets } = this.#parts;
    const { gate } = this.#parts.emulator;
    const { bucket, keys } = this.#scope.affected;
    const { source } = this.#scope;
    const release = await locks.acquireAll(this.#scope.locks);
    if (!gate.isOpen || gate.epoch !== this.epoch) {
      release();
      throw restoring();
    }
    const operation = describeOperation(this.#scope.operation, this.#scope.affected);
    this.#release = release;
    this.#endWork = gate.beginWork();
    if (this.#scope.operation !== 'create-bucket' && !knownBuckets.has(bucket))
      await knownBuckets.ensure(this.client, bucket);
    // Before a key may change, the emulator holds its old state, and that of the source.
    const names = [...(keys ?? []).map((key) => ({ bucket, key })), ...(source ? [source] : [])];
    const missing = wholeness.ensureHeld(this.epoch, names);
    if (missing !== undefined) await missing;
    this.#intents = (keys ?? [null]).map((key) => store.beginIntent({ bucket, key, operation }));
    this.#endDoubt = doubts.open(bucket, keys);
    this.#isEntered = true;
  }

  /** Passes the request to the emulator and returns its whole answer, believed. Enters before the emulator can act. */
  async pass(req: IncomingMessage, options: PassOptions = {}): Promise<Answer> {
    const { upstream, gate } = this.#parts.emulator;
    const { path = req.url ?? '/', tap, body } = options;
    const isPassing = body === undefined && hasBody(req);
    if (!isPassing) await this.enter();
    const length = Number(req.headers['content-length']);
    const sending = send(
      upstream,
      { method: req.method ?? '', path, headers: requestHeaders(req) },
      isPassing
        ? {
            source: req,
            beforeLast: this.enter,
            ...(tap && { tap: tap.write }),
            ...(Number.isSafeInteger(length) && { totalBytes: length }),
          }
        : (body ?? new Uint8Array()),
    );
    await sending.sent;
    // The body's fsync goes on while the emulator works; whoever commits it awaits it.
    if (sending.isSent()) tap?.finish().catch(() => {});
    const response = await sending.response;
    await gate.believe(response, this.epoch);
    this.#isAnswered = true; // the emulator is done with the change
    const answer = { ...givenBy(response), body: await collect(response) };
    if (!sending.isSent()) {
      sending.abort(); // a connection that waits for the rest of a body would be lost to all others
      if (answer.status < 300) throw restoring(); // success before the body's end: not to be believed
    }
    return answer;
  }

  /** Makes the emulator hold these keys as the store does, within the turn. @throws as the emulator's calls */
  async putBack(keys: readonly string[]): Promise<void> {
    const { bucket } = this.#scope.affected;
    await this.#parts.settler.agree({ bucket, keys }, this.epoch);
  }

  /** The bucket is gone: the next one of its name is another. */
  forgetBucket(): void {
    this.#parts.knownBuckets.forget(this.#scope.affected.bucket);
  }

  /** Ends the turn: its outcome is known and committed. */
  leave(): void {
    const leave = (): void => this.#leave('committed');
    // An emulator may answer before the body's end: then the turn is left as soon as it is entered.
    if (this.#isEntered || this.#entering === undefined) leave();
    else this.#entering.then(leave, leave);
  }

  #leave(end: DoubtEnd): void {
    this.#endWork?.();
    for (const intent of this.#intents) this.#parts.store.endIntent(intent);
    this.#endDoubt?.(end);
    this.#release?.();
  }

  /** Ends the turn once emulator and store agree again. A turn that was never entered changed nothing. */
  leaveUnknown(): Promise<void> {
    return this.#settle('unknown');
  }

  /** As `leaveUnknown`, for a change that was refused: nobody can have seen it done. */
  leaveRefused(): Promise<void> {
    return this.#settle('committed');
  }

  async #settle(end: DoubtEnd): Promise<void> {
    await this.#entering?.catch(() => {});
    if (this.#release === undefined) return;
    this.#endWork?.(); // a filling that waits for us goes on and decides
    const settlement = await this.#parts.settler.settle(this.#scope.affected, {
      epoch: this.epoch,
      isAnswered: this.#isAnswered,
    });
    if (settlement === 'agreed') this.#leave(end);
    // The intents are settled at the next start. Requests that wait for the locks of a keeper that stops are told so. While
    // a keeper whose store failed ends, nobody may see what the next start may see otherwise.
    else if (settlement === 'keeper stops') this.#release();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
