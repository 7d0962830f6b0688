// One change's turn on what it changes: its locks, its intents, and how it ends. P1: what an intent names is looked at
// again unless the change came to a known end.

import type { KeeperParts } from '../parts.ts';
import type { Affected } from '../put-back/agree.ts';
import { captureBucket } from '../put-back/capture.ts';
import type { KeyName } from '../s3/target.ts';
import { pathOf } from '../s3/target.ts';
import type { Intent } from '../store/contract.ts';
import { restoring } from '../upstream/gate.ts';
import type { DoubtEnd } from './doubts.ts';
import { describeOperation } from './intents.ts';
import type { LockRequest, Release } from './locks.ts';
import { Settler } from './settle.ts';

/** What a request changes, and the locks that keep others off it. */
export interface Scope {
  readonly operation: string;
  readonly affected: Affected;
  readonly locks: readonly LockRequest[];
  /** An object that is read for it; its key is among the locks. */
  readonly source?: KeyName;
}

/** One request's turn on its scope. */
export interface Turn {
  /** The session in which it began; answers of another one are not believed. */
  readonly epoch: number;
  /** Takes the locks and writes the intents; to be called before the emulator can act. Safe to call again. */
  enter(): Promise<void>;
  /** Notes that the emulator has answered: it is done with the change. */
  noteAnswer(): void;
}

/** A turn with its end; whoever makes one calls `leave`, `leaveRefused` or `leaveUnknown` once. */
export class Visit implements Turn {
  readonly epoch: number;
  readonly #keeper: KeeperParts;
  readonly #scope: Scope;
  #intents: readonly Intent[] = [];
  #entering: Promise<void> | undefined;
  #release: Release | undefined;
  #endDoubt: ((end: DoubtEnd) => void) | undefined;
  #endWork: (() => void) | undefined;
  #isAnswered = false;
  #isEntered = false;

  /** `epoch`: that in which the request began. */
  constructor(keeper: KeeperParts, scope: Scope, epoch: number) {
    this.#keeper = keeper;
    this.#scope = scope;
    this.epoch = epoch;
  }

  readonly enter = (): Promise<void> => {
    this.#entering ??= this.#enter();
    return this.#entering;
  };

  async #enter(): Promise<void> {
    const { locks, gate, store, doubts, wholeness } = this.#keeper;
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
    if (this.#scope.operation !== 'create-bucket') await this.#knowBucket(bucket);
    // What it changes, or what that is made from, is as it was before it may change.
    const names = [...(keys ?? []).map((key) => ({ bucket, key })), ...(source ? [source] : [])];
    const missing = wholeness.ensureHeld(this.epoch, names);
    if (missing !== undefined) await missing;
    this.#intents = (keys ?? [null]).map((key) => store.beginIntent({ bucket, key, operation }));
    this.#endDoubt = doubts.open(bucket, keys);
    this.#isEntered = true;
  }

  // A bucket made behind our back must be kept before anything in it is: it could not be put back without it.
  async #knowBucket(bucket: string): Promise<void> {
    const { knownBuckets, store, clientFor } = this.#keeper;
    if (knownBuckets.has(bucket)) return;
    if (!store.buckets().some((known) => known.bucket === bucket)) {
      const client = clientFor(this.epoch);
      const { status } = await client.call('HEAD', pathOf(bucket));
      if (status !== 200) return; // there is none: the emulator will say so
      await captureBucket(store, client, bucket);
    }
    knownBuckets.add(bucket);
  }

  /** Ends the turn: what came of it is known and committed. */
  leave(): void {
    const leave = (): void => this.#leave('committed');
    // An emulator may answer before the body's end: then the turn is left as soon as it is entered.
    if (this.#isEntered || this.#entering === undefined) leave();
    else this.#entering.then(leave, leave);
  }

  #leave(end: DoubtEnd): void {
    this.#endWork?.();
    for (const intent of this.#intents) this.#keeper.store.endIntent(intent);
    this.#endDoubt?.(end);
    this.#release?.();
  }

  noteAnswer(): void {
    this.#isAnswered = true;
  }

  /** Ends the turn once emulator and store agree again; a turn that was never entered changed nothing. */
  leaveUnknown(): Promise<void> {
    return this.#settle('unknown');
  }

  /** As `leaveUnknown`, of a change that was refused: nobody can have seen it done. */
  leaveRefused(): Promise<void> {
    return this.#settle('committed');
  }

  async #settle(end: DoubtEnd): Promise<void> {
    await this.#entering?.catch(() => {});
    if (this.#release === undefined) return;
    this.#endWork?.(); // a filling that waits for us goes on and decides
    const { store, logger, heads } = this.#keeper;
    const settler = new Settler({ store, emulator: this.#keeper, logger, onPutBack: () => heads.clear() });
    const settlement = await settler.settle(this.#scope.affected, {
      epoch: this.epoch,
      isAnswered: this.#isAnswered,
    });
    if (settlement === 'agreed') this.#leave(end);
    // The intents are settled at the next start. Whoever waits for the locks of a keeper that stops is told so; while one
    // whose store failed ends, nobody may see what the next start may see otherwise.
    else if (settlement === 'keeper stops') this.#release();
  }
}
