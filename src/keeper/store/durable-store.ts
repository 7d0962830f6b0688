// The store of contract.ts, put together: writes go to the commit thread, reads to the connection of this thread.
import path from 'node:path';
import { Readable } from 'node:stream';
import { KeepsakeError } from '../../shared/errors.ts';
import type { ByteRange } from './body-reader.ts';
import { BodyReceiver, ReceivedBody } from './body-writer.ts';
import type { CommitLoad } from './commit-load.ts';
import type { CommitQueue } from './commit-queue.ts';
import type {
  Body,
  BodyWriter,
  BucketRecord,
  Change,
  CommitsWaiting,
  DamagedEntry,
  Intent,
  ObjectRecord,
  ObjectState,
  RetiredVersion,
  Store,
  StoreCounts,
  UploadPart,
  UploadRecord,
} from './contract.ts';
import { DamageLog } from './damage-log.ts';
import type { BodyFolders, FileSystem } from './durable-files.ts';
import type { FolderLock } from './folder-lock.ts';
import type { IntentLog } from './intents.ts';
import type { ContentChange } from './jobs.ts';
import { readBucket, readPart, readRetired, readUpload, readVersion, type UploadRow, type VersionRow } from './rows.ts';
import { asStoreError } from './store-errors.ts';
import type { StoreReader } from './store-reader.ts';
import { type BytesContext, inlineBytes, notHeld, partBytes, partName, versionBytes } from './verified-bytes.ts';

export interface StorePieces {
  readonly folder: string;
  readonly folders: BodyFolders;
  readonly files: FileSystem;
  readonly lock: FolderLock;
  readonly queue: CommitQueue;
  readonly reader: StoreReader;
  readonly intents: IntentLog;
  readonly inlineBytes: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly now: () => number;
  readonly onDamage: (entry: DamagedEntry) => void;
  readonly load: CommitLoad;
}

/** With so many changes under way, more will be committed within milliseconds. */
const crowd = 8;

const brokenRecord = 'its record does not match its checksum';

export class DurableStore implements Store {
  readonly id: string;
  readonly createdAt: number;
  readonly damage: DamageLog;
  readonly #pieces: StorePieces;
  readonly #bytesContext: BytesContext;
  readonly #removals = new Set<Promise<void>>();

  constructor(pieces: StorePieces) {
    this.#pieces = pieces;
    this.damage = new DamageLog(pieces);
    this.#bytesContext = { ...pieces, damage: this.damage };
    const { id, createdAt } = pieces.reader.identity();
    this.id = id;
    this.createdAt = createdAt;
  }

  session(): string | null {
    return this.#pieces.reader.session();
  }

  counts(): StoreCounts {
    return this.#pieces.reader.counts();
  }

  failure(): KeepsakeError | undefined {
    return this.#pieces.queue.failure;
  }

  commitsWaiting(): CommitsWaiting {
    return this.#pieces.load.now();
  }

  damaged(): readonly DamagedEntry[] {
    return this.damage.entries();
  }

  damageOf(bucket: string, key: string): string | undefined {
    return this.damage.of(bucket, key);
  }

  beginBody(expectedBytes = 0): BodyWriter {
    const { folders, files, inlineBytes } = this.#pieces;
    return new BodyReceiver({ folders, files, inlineBytes, expectedBytes });
  }

  beginIntent(intent: Omit<Intent, 'id'>): Intent {
    try {
      return this.#pieces.intents.begin(intent);
    } catch (error) {
      throw asStoreError(error, this.#pieces.folder);
    }
  }

  endIntent(intent: Intent): void {
    this.#pieces.intents.end(intent);
  }

  openIntents(): readonly Intent[] {
    return this.#pieces.intents.earlier();
  }

  async commit(change: Change): Promise<void> {
    const { queue, now, load, intents } = this.#pieces;
    const willOthersCome = intents.openCount >= crowd;
    const body = freshBody(change);
    const content = withContent(change);
    const end = load.begin();
    try {
      const { unusedFiles } = await queue.run({ kind: 'change', at: now(), change: content }, { willOthersCome });
      this.#remove(unusedFiles);
      end(null);
    } catch (error) {
      end(asStoreError(error, this.#pieces.folder).code);
      // After a failed fsync the commit may still turn out to be on disk, and then its file must be there. The next
      // start sees which is true, and removes the file if nothing names it.
      if (!(error instanceof KeepsakeError && error.code === 'DataFolderUnusable')) body?.giveBack();
      throw error;
    }
  }

  buckets(): readonly BucketRecord[] {
    return this.#pieces.reader.buckets().flatMap((row) => {
      return (
        readBucket(row) ??
        this.#unsound({ bucket: row.bucket, key: '', reason: `bucket ${row.bucket}: ${brokenRecord}` })
      );
    });
  }

  object(bucket: string, key: string): ObjectRecord | undefined {
    const row = this.#pieces.reader.current(bucket, key);
    return row && this.#sound(row, readVersion);
  }

  state(bucket: string, key: string): ObjectState | undefined {
    const row = this.#pieces.reader.state(bucket, key);
    if (row === undefined || this.damage.isSetAside(row.id)) return undefined;
    const bucketSeal = `${row.bucket_check}`;
    return { versionId: row.id, seal: `${row.id} ${row.row_check} ${bucketSeal}`, bucketSeal };
  }

  *objects(bucket?: string): Iterable<ObjectRecord> {
    const rows = this.#pieces.reader.allCurrent(bucket, (place) => {
      this.damage.setVersionAside(place.id, { ...place, reason: 'its record is on a damaged page of the database' });
    });
    for (const row of rows) {
      const record = this.#sound(row, readVersion);
      if (record) yield record;
    }
  }

  upload(uploadId: string): UploadRecord | undefined {
    const row = this.#pieces.reader.upload(uploadId);
    return row && this.#soundUpload(row)[0];
  }

  uploads(): readonly UploadRecord[] {
    return this.#pieces.reader.uploads().flatMap((row) => this.#soundUpload(row));
  }

  parts(uploadId: string): readonly UploadPart[] {
    const { bucket = '', key = '' } = this.#pieces.reader.upload(uploadId) ?? {};
    return this.#pieces.reader.parts(uploadId).flatMap((row) => {
      const reason = `${partName(row.part_number, uploadId)}: ${brokenRecord}`;
      return readPart(row) ?? this.#unsound({ bucket, key, reason });
    });
  }

  retired(bucket: string, key: string): readonly RetiredVersion[] {
    return this.#pieces.reader.retired(bucket, key).flatMap((row) => this.#sound(row, this.#readRetired) ?? []);
  }

  version(versionId: number): ObjectRecord | RetiredVersion | undefined {
    const row = this.#pieces.reader.version(versionId);
    if (!row) return undefined;
    return row.retired_at === null ? this.#sound(row, readVersion) : this.#sound(row, this.#readRetired);
  }

  readBody(versionId: number, range?: ByteRange): Readable {
    return Readable.from(this.#versionBytes(versionId, range), { objectMode: false });
  }

  smallBody(versionId: number): Uint8Array | undefined {
    const row = this.#pieces.reader.versionWithBytes(versionId);
    return row && this.#sound(row, readVersion) && inlineBytes(row);
  }

  readPart(uploadId: string, partNumber: number): Readable {
    return Readable.from(partBytes(this.#bytesContext, uploadId, partNumber), { objectMode: false });
  }

  async expire(now: number): Promise<{ readonly versions: number; readonly bytes: number }> {
    const { queue, retentionMs, retentionBytes } = this.#pieces;
    let [versions, bytes] = [0, 0];
    for (;;) {
      const step = await queue.run({ kind: 'expire', now, retentionMs, retentionBytes });
      this.#remove(step.unusedFiles);
      versions += step.droppedVersions;
      bytes += step.droppedBytes;
      if (!step.isMore) return { versions, bytes };
    }
  }

  async close(): Promise<void> {
    const { queue, reader, intents, lock } = this.#pieces;
    await queue.drain();
    await Promise.all(this.#removals);
    reader.close(); // first, so that the writer is the last and folds its log into the file
    await queue.end();
    intents.close();
    lock.release();
  }

  async *#versionBytes(versionId: number, range?: ByteRange): AsyncGenerator<Uint8Array, void, void> {
    const row = this.#pieces.reader.version(versionId);
    if (!row || !this.#sound(row, readVersion)) throw notHeld(`version ${versionId}`);
    yield* versionBytes(this.#bytesContext, row, range);
  }

  readonly #readRetired = (row: VersionRow): RetiredVersion | undefined => readRetired(row, this.#pieces.retentionMs);

  // A row that fails its check is set aside and treated as absent.
  #sound<T>(row: VersionRow, read: (row: VersionRow) => T | undefined): T | undefined {
    if (this.damage.isSetAside(row.id)) return undefined;
    const version = read(row);
    if (version === undefined) {
      const { bucket, key } = row;
      this.damage.setVersionAside(row.id, { bucket, key, reason: brokenRecord });
    }
    return version;
  }

  #soundUpload(row: UploadRow): readonly UploadRecord[] {
    const { bucket, key, upload_id: uploadId } = row;
    const upload = readUpload(row);
    return upload ? [upload] : this.#unsound({ bucket, key, reason: `upload ${uploadId}: ${brokenRecord}` });
  }

  // An entry without a version to mark: it is named, and left out of the answer.
  #unsound(entry: DamagedEntry): readonly [] {
    this.damage.note(entry);
    return [];
  }

  // In the background: the commit that dropped them is on disk, and what is left over goes at the next start.
  #remove(files: readonly string[]): void {
    for (const file of files) {
      const removal = this.#pieces.files
        .unlink(path.join(this.#pieces.folders.bodies, file))
        .catch(() => {})
        .finally(() => this.#removals.delete(removal));
      this.#removals.add(removal);
    }
  }
}

function freshBody(change: Change): ReceivedBody | undefined {
  if (change.kind === 'put-part') return received(change.source);
  if (change.kind === 'put-object' && change.source.kind === 'body') return received(change.source.body);
  return undefined;
}

// Takes the change's body, if it has one.
function withContent(change: Change): ContentChange {
  if (change.kind === 'put-part') return { ...change, source: received(change.source).take() };
  if (change.kind !== 'put-object') return change;
  const { source } = change;
  if (source.kind !== 'body') return { ...change, source };
  return { ...change, source: { kind: 'content', content: received(source.body).take() } };
}

function received(body: Body): ReceivedBody {
  if (body instanceof ReceivedBody) return body;
  throw new KeepsakeError('Internal', { what: 'a body was committed that no store had received' });
}
