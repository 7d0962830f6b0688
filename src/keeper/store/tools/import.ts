// Takes an export into a store that no keeper runs on: straight into the store, not through S3, so that multipart ETags,
// settings and checksums are as they were. Each object is one commit. An entry that is there already, the same, is left
// alone; one that differs is kept for undo. A keeper that starts on the store then fills its emulator from it.
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { type ErrorDetail, KeepsakeError } from '../../../shared/errors.ts';
import type { Body, ObjectMeta, ObjectRecord, Setting, Store } from '../contract.ts';
import { openStore } from '../open-store.ts';
import { type ExportedObject, exportedObject, settingOf } from './export-format.ts';
import { type ExportVisitor, readExport } from './read-export.ts';

export interface ImportOptions {
  /** Told of the bytes that were read. */
  readonly onProgress?: (doneBytes: number) => void;
}

export interface ImportReport {
  readonly folder: string;
  readonly buckets: number;
  readonly imported: number;
  /** Objects that were there already. */
  readonly unchanged: number;
  readonly bytes: number;
}

/** Reads the whole export and changes nothing. @throws KeepsakeError `ExportUnusable` */
export async function verifyExport(input: Readable): Promise<void> {
  await readExport<void>(input, {
    bucket: async () => {},
    bytes: async (bytes) => {
      for await (const _ of bytes);
    },
    object: async () => {},
    drop: async () => {},
  });
}

/**
 * Takes the export in. The folder is made when there is none.
 * @throws KeepsakeError `ExportUnusable`, `DataFolderLocked` and others of the store; when objects were imported before
 *   it, the message says how many
 */
export async function importStore(folder: string, input: Readable, options: ImportOptions = {}): Promise<ImportReport> {
  const store = await openStore({ folder });
  const report = { buckets: 0, imported: 0, unchanged: 0, bytes: 0 };
  try {
    // First: from now on the emulator is behind the store, whatever becomes of this.
    await store.commit({ kind: 'set-session', session: '' });
    const commits = new Commits();
    await readExport(input, importing(store, { report, commits }, options)).finally(() => commits.ended());
    commits.assertNone();
    return { folder, ...report };
  } catch (error) {
    throw error instanceof KeepsakeError ? withCounts(error, report) : error;
  } finally {
    await store.close();
  }
}

type Counts = { -readonly [K in keyof Omit<ImportReport, 'folder'>]: number };

/** Commits at once share their fsyncs. */
const commitsAtOnce = 64;

/** Commits under way: bounded, and the first failure ends the work. */
class Commits {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Resolves when the next may begin. @throws (rejects) what an earlier one failed with */
  async add(commit: Promise<void>): Promise<void> {
    const running = commit
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= commitsAtOnce) await Promise.race(this.#running);
    this.assertNone();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** @throws what one of them failed with */
  assertNone(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

interface Import {
  readonly report: Counts;
  readonly commits: Commits;
}

function importing(store: Store, { report, commits }: Import, { onProgress }: ImportOptions): ExportVisitor<Body> {
  return {
    async bucket({ bucket, headers, body, settings }) {
      await store.commit({ kind: 'put-bucket', bucket, headers, body: new Uint8Array(Buffer.from(body, 'base64')) });
      for (const one of settings) {
        await store.commit({ kind: 'put-bucket-setting', bucket, setting: settingOf(one) });
      }
      report.buckets += 1;
    },
    async bytes(bytes, sizeBytes) {
      const writer = store.beginBody(sizeBytes);
      try {
        for await (const chunk of bytes) {
          await writer.write(chunk);
          report.bytes += chunk.length;
          onProgress?.(report.bytes);
        }
        return await writer.finish();
      } catch (error) {
        await writer.discard();
        throw error;
      }
    },
    async object(object, body) {
      const { bucket, key, etag, sizeBytes, headers, parts, settings } = object;
      if (isSame(store.object(bucket, key), object)) {
        await body.discard();
        report.unchanged += 1;
        return;
      }
      const meta = { bucket, key, etag, sizeBytes, headers, parts };
      await commits.add(putObject(store, { meta, body, settings: settings.map(settingOf) }, report));
    },
    drop: (body) => body.discard(),
  };
}

async function putObject(
  store: Store,
  { meta, body, settings }: { readonly meta: ObjectMeta; readonly body: Body; readonly settings: readonly Setting[] },
  report: Counts,
): Promise<void> {
  try {
    await store.commit({ kind: 'put-object', meta, source: { kind: 'body', body }, settings });
    report.imported += 1;
  } catch (error) {
    await body.discard();
    throw error;
  }
}

// The ETag names the bytes; the rest is compared as it is exported.
function isSame(record: ObjectRecord | undefined, object: ExportedObject): boolean {
  if (record === undefined) return false;
  const { file, sha256, savedAt } = object;
  const known = exportedObject({ ...record, savedAt }, { file, sha256 });
  return isDeepStrictEqual(known, object);
}

function withCounts({ code, detail, cause }: KeepsakeError, { imported, unchanged }: Counts): KeepsakeError {
  if (imported + unchanged === 0) return new KeepsakeError(code, detail, cause);
  const told: ErrorDetail = {
    ...detail,
    what: `${detail.what}; ${imported} objects were imported before, whole, and ${unchanged} were there already`,
    remedy: `${detail.remedy ?? ''} To go on, import a whole file: what is there is left alone.`.trim(),
  };
  return new KeepsakeError(code, told, cause);
}
