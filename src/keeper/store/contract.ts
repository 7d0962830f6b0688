// The keeper's store and its promises to the proxy. P1: a `commit` that resolved is fsynced, so it survives SIGKILL
// and a power cut. One that rejected or never resolved left the state before it or the state after it, never a mixture.
// The store knows S3's words but speaks no HTTP. Header names are lower case; sizes are bytes; times are Unix ms.
import type { Readable } from 'node:stream';
import type { ErrorCode, KeepsakeError } from '../../shared/errors.ts';
import type { ReplayHeaders } from '../s3/headers.ts';

/** A request to repeat on restore: what a client sent to a sub-resource such as ?cors, ?policy, ?tagging, ?acl. */
export interface Setting {
  readonly name: string;
  readonly headers: ReplayHeaders;
  readonly body: Uint8Array;
}

export interface BucketRecord {
  readonly bucket: string;
  /** Headers and body of the CreateBucket call. */
  readonly headers: ReplayHeaders;
  readonly body: Uint8Array;
  readonly settings: readonly Setting[];
  readonly createdAt: number;
}

/** An object's description without its bytes. `etag` with its quotes, as S3 sends it. */
export interface ObjectMeta {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly headers: ReplayHeaders;
  /** Part sizes and checksum headers, in order, when it was made by multipart: its ETag depends on them. */
  readonly parts: readonly PartMeta[] | null;
}

export interface PartMeta {
  /** The number it was sent with; without one they count from 1. */
  readonly partNumber?: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly headers: ReplayHeaders;
}

export interface ObjectRecord extends ObjectMeta {
  /** Numbers every state a key ever had; never used twice. */
  readonly versionId: number;
  readonly savedAt: number;
  readonly settings: readonly Setting[];
}

/** The state of a key. Equal seals: the same version with the same settings, in a bucket with the same settings. */
export interface ObjectState {
  readonly versionId: number;
  readonly seal: string;
  /** Equal: a bucket with the same settings. */
  readonly bucketSeal: string;
}

/** A retired state of a key, kept for undo (P5). */
export interface RetiredVersion extends ObjectRecord {
  readonly retiredAt: number;
  readonly expiresAt: number;
  readonly cause: 'overwritten' | 'deleted';
}

export interface UploadRecord {
  readonly bucket: string;
  readonly key: string;
  /** The id that clients know. */
  readonly uploadId: string;
  /** The id in the emulator's present session: another one after a restore. */
  readonly upstreamUploadId: string;
  readonly headers: ReplayHeaders;
  readonly createdAt: number;
}

export interface UploadPart extends PartMeta {
  readonly partNumber: number;
}

/** Bytes being received. Write all, then `finish`; `discard` frees what was taken. Memory stays flat (P4). */
export interface BodyWriter {
  /**
   * Takes a chunk, whose memory is the writer's from now on. More may come when what it gives resolves (backpressure);
   * undefined: at once. @throws KeepsakeError (rejects) `DiskFull`, `DataFolderUnusable`, for this chunk or those before it
   */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Ends the body: bytes are fsynced (or held inline until their commit). */
  finish(): Promise<Body>;
  /** Forgets the body; safe to call at any time, more than once. */
  discard(): Promise<void>;
}

/** A finished body that no commit has taken yet. A commit takes it over; otherwise `discard` it. */
export interface Body {
  readonly sizeBytes: number;
  discard(): Promise<void>;
}

/** Where an object's bytes come from: a fresh body, or those of another (copy), shared without being copied. */
export type BodySource =
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'same-as'; readonly bucket: string; readonly key: string }
  | { readonly kind: 'version'; readonly versionId: number };

/** One atomic step. A put or delete retires the state that it replaces, so nothing is lost. */
export type Change =
  | { readonly kind: 'put-bucket'; readonly bucket: string; readonly headers: ReplayHeaders; readonly body: Uint8Array }
  | { readonly kind: 'delete-bucket'; readonly bucket: string }
  | { readonly kind: 'put-bucket-setting'; readonly bucket: string; readonly setting: Setting }
  | { readonly kind: 'delete-bucket-setting'; readonly bucket: string; readonly name: string }
  | {
      readonly kind: 'put-object';
      readonly meta: ObjectMeta;
      readonly source: BodySource;
      readonly settings?: readonly Setting[];
    }
  | { readonly kind: 'delete-objects'; readonly bucket: string; readonly keys: readonly string[] }
  | { readonly kind: 'put-object-setting'; readonly bucket: string; readonly key: string; readonly setting: Setting }
  | { readonly kind: 'delete-object-setting'; readonly bucket: string; readonly key: string; readonly name: string }
  | { readonly kind: 'create-upload'; readonly upload: UploadRecord }
  | { readonly kind: 'rename-upload'; readonly uploadId: string; readonly upstreamUploadId: string }
  | { readonly kind: 'put-part'; readonly uploadId: string; readonly part: UploadPart; readonly source: Body }
  /** The object's bytes are the named parts, in order; the upload and its other parts go. */
  | {
      readonly kind: 'complete-upload';
      readonly uploadId: string;
      readonly partNumbers: readonly number[];
      readonly meta: ObjectMeta;
    }
  | { readonly kind: 'abort-upload'; readonly uploadId: string }
  /** The emulator was filled from the store in this session, or the store has caught up with it. */
  | { readonly kind: 'set-session'; readonly session: string };

/**
 * A mutation that was passed to the emulator and is not committed yet. Written before the request leaves, without
 * fsync: it has to outlive the keeper's process only. After a power cut the emulator is new and the store is right.
 */
export interface Intent {
  readonly id: number;
  readonly bucket: string;
  /** Null: the bucket itself or its settings. */
  readonly key: string | null;
  readonly operation: string;
}

/**
 * An entry that can't be used: set aside, named here and in the log, the rest goes on (P3). `key` is empty when it is the
 * bucket; `bucket` too when commits were lost, and nobody knows of what.
 */
export interface DamagedEntry {
  readonly bucket: string;
  readonly key: string;
  readonly reason: string;
}

export interface StoreCounts {
  readonly buckets: number;
  readonly objects: number;
  readonly bytes: number;
  readonly retired: number;
  readonly retiredBytes: number;
}

/** Commits that were asked for and are not on disk yet. */
export interface CommitsWaiting {
  readonly count: number;
  /** How long the oldest has waited; 0 without one. */
  readonly oldestMs: number;
}

export interface Store {
  /** Made once with the store; a fresh volume has another. */
  readonly id: string;
  readonly createdAt: number;

  /** The session the emulator was last known to agree with the store in; null in a new store. */
  session(): string | null;
  counts(): StoreCounts;
  /** Why no commit can succeed any more, until the process is started again; undefined while all is well. */
  failure(): KeepsakeError | undefined;
  commitsWaiting(): CommitsWaiting;
  damaged(): readonly DamagedEntry[];
  /** Why the present state of a key is set aside; undefined when it is not. */
  damageOf(bucket: string, key: string): string | undefined;

  beginBody(expectedBytes?: number): BodyWriter;
  /** Synchronous and cheap: one write(2) without fsync. */
  beginIntent(intent: Omit<Intent, 'id'>): Intent;
  endIntent(intent: Intent): void;
  /** The intents that an earlier process left open, oldest first. */
  openIntents(): readonly Intent[];

  /**
   * Resolves when durable. Commits that are under way together share one fsync; they take effect in the order of the calls.
   * An object or setting proves that its bucket exists: a bucket that the store does not know is recorded with it.
   * @throws KeepsakeError `DiskFull`, `DataFolderUnusable`; `VersionNotFound`, `NotFound` when the change refers to an
   *   object, version or upload that is not held; `Internal` when sizes contradict each other. After an error the body
   *   belongs to the caller again.
   */
  commit(change: Change): Promise<void>;

  buckets(): readonly BucketRecord[];
  /** Undefined when there is none, or it is set aside. @throws KeepsakeError `KeeperStoreDamaged` when that can't be told. */
  object(bucket: string, key: string): ObjectRecord | undefined;
  /** The state of a key, read more cheaply than with `object`; undefined and errors as there. @throws as there */
  state(bucket: string, key: string): ObjectState | undefined;
  /** All objects, of one bucket if given, in key order, by pages: memory stays flat. Commits may go on meanwhile. */
  objects(bucket?: string): Iterable<ObjectRecord>;
  upload(uploadId: string): UploadRecord | undefined;
  uploads(): readonly UploadRecord[];
  parts(uploadId: string): readonly UploadPart[];
  /** The retired states of a key, newest first. */
  retired(bucket: string, key: string): readonly RetiredVersion[];
  version(versionId: number): ObjectRecord | RetiredVersion | undefined;

  /** The bytes of a version (current or retired), whole or a part [start, end). Verified against their checksum: what is damaged fails the stream and is set aside. */
  // A version that is not held fails the stream with `VersionNotFound`, a damaged one with `KeeperStoreDamaged`.
  readBody(versionId: number, range?: { readonly start: number; readonly end: number }): Readable;
  /** The bytes of a current version whose body stands in the database, verified; undefined when they are not at hand at once. */
  smallBody(versionId: number): Uint8Array | undefined;
  readPart(uploadId: string, partNumber: number): Readable;

  /**
   * Drops retired versions that are past their time or over the bound in bytes, and bodies that nothing refers to. Then
   * it gives most of the database's free pages back to the disk.
   */
  expire(now: number): Promise<{ readonly versions: number; readonly bytes: number }>;
  /** Carries out the commits that were asked for, and releases the folder's lock. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly folder: string;
  /** How long retired versions are kept. @default 7 days */
  readonly retentionMs?: number;
  /** Bound on their bytes; the oldest go first. @default 10 GiB */
  readonly retentionBytes?: number;
  /** Bodies up to this size stand in the database. @default 64 KiB */
  readonly inlineBytes?: number;
  readonly now?: () => number;
  /** Told of each entry when it is found damaged and set aside: for the log. */
  readonly onDamage?: (entry: DamagedEntry) => void;
  /** Told how long each commit took, and why it failed, if it did: for metrics. */
  readonly onCommit?: (seconds: number, failure: ErrorCode | null) => void;
}
