// A kind of action as a value: what it locks, what it expects, what it does, how it is settled and undone. The order of
// these steps belongs to the frames (act.ts, settle.ts, undo.ts); a kind only fills them.
import type { PoolClient } from 'pg';
import type { ImageRow } from '../../shared/image.ts';
import type { KeeperClient } from '../../shared/keeper-api.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { ActionKind } from '../../shared/report.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import type { ActionOf } from '../plan/plan.ts';
import type { JournalEntry, UndoNote } from '../state/journal.ts';

export interface ActDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient | null;
  readonly logger: Logger;
  readonly clock: () => Date;
  readonly runId: string;
}

export interface Kind<K extends ActionKind> {
  /** Takes the lock that holds until the action has ended; answers with the row of the key, null when there is none. */
  readonly lock: (client: PoolClient, key: string) => Promise<ImageRow | null>;
  /** Compares what is there now with what the plan expects. Changes nothing. */
  readonly lookAgain: (scene: Scene<K>) => Promise<Ready | Skipped>;
  /** Runs after the commit, for what can only be known then: a sentence when the action was taken back, else null. */
  readonly confirm?: (deps: ActDeps, action: ActionOf<K>) => Promise<string | null>;
  /** Finds out how far a dead run came, and completes it or takes it back. */
  readonly settle: (deps: SettleDeps, entry: JournalEntry) => Promise<Settlement>;
  readonly undo: Undo;
}

/** One action at its moment: its key is locked in the transaction of `client`. */
export interface Scene<K extends ActionKind> extends ActDeps {
  readonly client: PoolClient;
  readonly action: ActionOf<K>;
  /** The row as it is under the lock. */
  readonly row: ImageRow | null;
}

/** All is as planned. `undo` is journalled before the first effect; null: there is nothing to undo. */
export interface Ready {
  readonly kind: 'ready';
  readonly undo: UndoNote | null;
  /** In the order that a crash demands: bytes are safe elsewhere before anything is removed; rows come last. */
  readonly effects: readonly Effect[];
}

/** Something is not as planned: nothing is done. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly reason: string;
}

/** One change. It may add to the undo note, or end the action. Throws when it can't tell whether it happened. */
export interface Effect {
  readonly name: string;
  readonly run: () => Promise<Done | Ended>;
}

export interface Done {
  readonly kind: 'done';
  /** Joins the undo note. */
  readonly undo?: UndoNote;
}

/** The action came to nothing: the journal says `error`, the report says `state` and `reason`. */
export interface Ended {
  readonly kind: 'ended';
  readonly state: 'skipped' | 'failed';
  readonly reason: string;
  readonly error: string;
  /** Replaces the undo note. Absent: the note stays. */
  readonly undo?: UndoNote;
  /** The quarantined copy that was removed, since its bytes were proven to be elsewhere. */
  readonly released?: string;
}

export interface SettleDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly clock: () => Date;
}

/** How an interrupted action ends in the journal; `open`: nobody can prove where its bytes are, so it does not end. */
export type Settlement =
  | {
      readonly state: 'done' | 'failed' | 'undone';
      readonly undo: UndoNote;
      /** The quarantined copy that was removed, since its bytes were proven to be elsewhere. */
      readonly released?: string;
    }
  | { readonly state: 'open' };

export const stillOpen: Settlement = { state: 'open' };

export interface Undo {
  /** Returns the bytes and proves them. Can be cut and repeated. */
  readonly returnBytes: (deps: SettleDeps, entry: JournalEntry) => Promise<BytesReturned | Refused>;
  /** Changes the rows back; false when a row has changed since. */
  readonly returnRows: (client: PoolClient, entry: JournalEntry) => Promise<boolean>;
}

export interface BytesReturned {
  readonly kind: 'returned';
  /** The undo note that the journal keeps from now on. */
  readonly undo: UndoNote;
  /** A copy that nobody needs once the journal says `undone`. */
  readonly spareKey?: string;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

export const done: Done = { kind: 'done' };

export function skipped(reason: string): Skipped {
  return { kind: 'skipped', reason };
}

/** Settles an action whose only effects were rows: they and its end were one transaction, so nothing happened. */
export async function nothingHappened(): Promise<Settlement> {
  return { state: 'failed', undo: {} };
}

/** For the undoing of an action that moved no bytes. */
export async function noBytes(): Promise<BytesReturned> {
  return { kind: 'returned', undo: {} };
}
