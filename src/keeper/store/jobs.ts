// The messages between the main thread and the commit thread. Plain values: they are copied between threads.
import type { ErrorCode, ErrorDetail } from '../../shared/errors.ts';
import type { BodySource, Change, DamagedEntry, UploadPart } from './contract.ts';

/** A body's bytes, or the name of their file in bodies/, with the checks of their blocks. */
export interface BodyContent {
  readonly sizeBytes: number;
  readonly checks: Uint8Array;
  readonly file: string | null;
  readonly inline: Uint8Array | null;
}

type PutObject = Extract<Change, { kind: 'put-object' }>;
type PutPart = Extract<Change, { kind: 'put-part' }>;

/** Where the bytes of an object come from, with a fresh body's content in the place of its handle. */
export type ContentSource =
  | { readonly kind: 'content'; readonly content: BodyContent }
  | Exclude<BodySource, { kind: 'body' }>;

export interface PutObjectContent extends Omit<PutObject, 'source'> {
  readonly source: ContentSource;
}

export interface PutPartContent extends Omit<PutPart, 'source'> {
  readonly part: UploadPart;
  readonly source: BodyContent;
}

/** A `Change` that can cross threads. */
export type ContentChange = Exclude<Change, PutObject | PutPart> | PutObjectContent | PutPartContent;

export type Job =
  | { readonly kind: 'change'; readonly at: number; readonly change: ContentChange }
  /** Marks a version as damaged: it is not served any more. */
  | { readonly kind: 'set-aside'; readonly versionId: number; readonly reason: string }
  /** Drops some of the retired versions that are due, and gives free pages back; to be asked again while `isMore`. */
  | { readonly kind: 'expire'; readonly now: number; readonly retentionMs: number; readonly retentionBytes: number };

/** The facts that hold once the job is on disk. */
export interface JobResult {
  /** Files in bodies/ that nothing names any more. */
  readonly unusedFiles: readonly string[];
  readonly droppedVersions: number;
  readonly droppedBytes: number;
  /** Whether the same job would do more. */
  readonly isMore: boolean;
}

/** An error as a value that can cross threads. */
export interface JobFailure {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;
  /** The message of what was underneath. */
  readonly reason: string;
}

export type JobOutcome =
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly failure: JobFailure };

/** The outcomes of a batch, in its order. */
export interface BatchOutcome {
  readonly outcomes: readonly JobOutcome[];
  /** How many transactions the store has counted, with this one; null when it was rolled back. */
  readonly commits: number | null;
  /** Why no other transaction may follow; null while they may. */
  readonly end: JobFailure | null;
}

/** The messages of the commit thread: first whether the store is open, then the outcome of each batch. */
export type CommitMessage =
  | { readonly kind: 'open'; readonly damaged: readonly DamagedEntry[] }
  | { readonly kind: 'unopened'; readonly failure: JobFailure }
  | ({ readonly kind: 'batch' } & BatchOutcome);
