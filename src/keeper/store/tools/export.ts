// Writes what S3 serves as a tar stream (export-format.ts), object by object, beside a running keeper too. Retired
// versions and unfinished uploads stay behind: a backup has them. Memory is flat.
import { createHash, type Hash } from 'node:crypto';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { BodyDamaged, readSegments } from '../body-reader.ts';
import type { ObjectRecord } from '../contract.ts';
import { bodiesOf, readBucket, readVersion, type VersionRow } from '../rows.ts';
import { asStoreError } from '../store-errors.ts';
import { entryName, exportedBucket, exportedObject, exportVersion, names } from './export-format.ts';
import { type Look, lookInto } from './look.ts';
import type { Finding } from './verify-rows.ts';

export interface ExportOptions {
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly now?: () => number;
}

export interface ExportReport {
  readonly folder: string;
  readonly buckets: number;
  readonly objects: number;
  readonly bytes: number;
  /** The entries that could not be read as they were written, and are not in the export. */
  readonly damaged: readonly Finding[];
}

/** Writes the export to `output`, and ends it. @throws KeepsakeError what `lookInto` throws; the output's errors */
export async function exportStore(
  folder: string,
  output: Writable,
  options: ExportOptions = {},
): Promise<ExportReport> {
  const look = lookInto(folder);
  const tar = pack();
  try {
    const written = writeAll(look, new Entries(tar), options);
    written.then(
      () => tar.finalize(),
      (error: unknown) => tar.destroy(error as Error),
    );
    const [report] = await Promise.all([written, pipeline(tar, output)]);
    return report;
  } catch (error) {
    throw asStoreError(error, look.folder);
  } finally {
    look.close();
  }
}

async function writeAll(look: Look, entries: Entries, options: ExportOptions): Promise<ExportReport> {
  const { reader } = look;
  const { onProgress, now = Date.now } = options;
  const damaged: Finding[] = [];
  const exportedAt = new Date(now()).toISOString();
  await entries.json(names.header, {
    format: 'keepsake-export',
    version: exportVersion,
    storeId: reader.identity().id,
    exportedAt,
  });
  let [buckets, objects, bytes] = [0, 0, 0];
  for (const row of reader.buckets()) {
    const bucket = readBucket(row);
    if (bucket === undefined) {
      damaged.push({ what: `bucket ${row.bucket}`, reason: 'its record does not match its checksum' });
      continue;
    }
    await entries.counted(`buckets/${bucket.bucket}.json`, exportedBucket(bucket));
    buckets += 1;
  }
  const { bytes: totalBytes } = reader.counts();
  const rows = reader.allCurrent(undefined, ({ bucket, key }) => {
    damaged.push({ what: `${bucket}/${key}`, reason: 'its record is on a damaged page of the database' });
  });
  for (const row of rows) {
    const outcome = await writeObject(look, entries, { row, number: objects + 1 });
    if (outcome.kind === 'damaged') damaged.push({ what: `${row.bucket}/${row.key}`, reason: outcome.reason });
    if (outcome.kind !== 'written') continue;
    objects += 1;
    bytes += outcome.bytes;
    onProgress?.(bytes, totalBytes);
  }
  await entries.json(names.end, { buckets, objects, bytes, sha256: entries.sha256() });
  return { folder: look.folder, buckets, objects, bytes, damaged };
}

type Outcome =
  | { readonly kind: 'written'; readonly bytes: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'damaged'; readonly reason: string };

interface Numbered {
  readonly row: VersionRow;
  readonly number: number;
}

async function writeObject(look: Look, entries: Entries, { row, number }: Numbered): Promise<Outcome> {
  const record = readVersion(row);
  if (record === undefined) return { kind: 'damaged', reason: 'its record does not match its checksum' };
  const file = entryName(row.bucket, row.key);
  const sha256 = createHash('sha256');
  try {
    await entries.bytes({ name: file, record, sha256 }, bytesOf(look, row));
  } catch (error) {
    if (!(error instanceof BodyDamaged)) throw error;
    const now = look.reader.current(row.bucket, row.key);
    if (now === undefined) return { kind: 'gone' };
    // Overwritten since its page was read, and dropped already: the state that came after it is the one to have.
    if (now.id !== row.id) return writeObject(look, entries, { row: now, number });
    return { kind: 'damaged', reason: error.message };
  }
  await entries.counted(
    `records/${String(number).padStart(9, '0')}.json`,
    exportedObject(record, { file, sha256: sha256.digest('hex') }),
  );
  return { kind: 'written', bytes: row.size };
}

async function* bytesOf({ folder, reader }: Look, row: VersionRow): AsyncGenerator<Uint8Array, void, void> {
  const segments = reader.segmentsOfVersion(row.id);
  const bodies = bodiesOf(row);
  const isSame = segments.length === bodies.length && segments.every(({ body }, index) => body === bodies[index]);
  if (!isSame) throw new BodyDamaged('the list of its bodies is broken');
  const places = { bodiesFolder: path.join(folder, 'bodies'), inlineBytes: (body: number) => reader.inlineBytes(body) };
  yield* readSegments(segments, { start: 0, end: row.size }, places);
}

/** Entries of the tar, one after the other. */
class Entries {
  readonly #tar: Pack;
  readonly #hash: Hash = createHash('sha256');

  constructor(tar: Pack) {
    this.#tar = tar;
  }

  json(name: string, value: unknown): Promise<void> {
    return this.#whole(name, Buffer.from(`${JSON.stringify(value)}\n`));
  }

  /** One that the end's checksum covers. */
  counted(name: string, value: unknown): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    this.#hash.update(bytes);
    return this.#whole(name, bytes);
  }

  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Bytes that come as a stream. When it fails the entry is filled up with zeros, and the error thrown. */
  async bytes(
    { name, record, sha256 }: { readonly name: string; readonly record: ObjectRecord; readonly sha256: Hash },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    const { sizeBytes, savedAt } = record;
    const filled = async function* (): AsyncGenerator<Uint8Array, void, void> {
      let left = sizeBytes;
      try {
        for await (const chunk of chunks) {
          left -= chunk.length;
          sha256.update(chunk);
          yield chunk;
        }
      } catch (error) {
        failure = { error };
      }
      for (; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
    };
    const entry = this.#tar.entry({ name, size: sizeBytes, mtime: new Date(savedAt) });
    await pipeline(filled, entry);
    if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
  }

  #whole(name: string, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#tar.entry({ name, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}

const zeros = new Uint8Array(64 * 1024);
