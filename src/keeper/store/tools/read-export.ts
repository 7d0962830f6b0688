// Reads an export (export-format.ts) from anyone: entry by entry, each checked before it is used, memory flat. An export
// that is broken, cut or something else is reported as that.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { extract, type Extract as TarReader } from 'tar-stream';
import type { z } from 'zod';
import { KeepsakeError } from '../../../shared/errors.ts';
import {
  bucketSchema,
  type ExportEnd,
  type ExportedBucket,
  type ExportedObject,
  endSchema,
  exportVersion,
  headerSchema,
  names,
  recordSchema,
} from './export-format.ts';

/** Takes the entries as they are read. `Held`: an object's bytes until its record is known. */
export interface ExportVisitor<Held> {
  bucket(bucket: ExportedBucket): Promise<void>;
  /** Reads all of `bytes`. */
  bytes(bytes: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<Held>;
  object(object: ExportedObject, held: Held): Promise<void>;
  /** Bytes that no record came for. */
  drop(held: Held): Promise<void>;
}

type Entry = TarReader extends AsyncIterable<infer One> ? One : never;

/** A record of 10,000 parts is under 4 MiB. */
const maxJsonBytes = 16 * 1024 ** 2;

/** @throws KeepsakeError `ExportUnusable`; what the visitor throws */
export async function readExport<Held>(input: Readable, visitor: ExportVisitor<Held>): Promise<ExportEnd> {
  const tar = extract();
  let inputFailure: Error | undefined;
  input.on('error', (error) => {
    inputFailure = error;
    tar.destroy(error);
  });
  input.pipe(tar as unknown as NodeJS.WritableStream);
  const reading = new Reading(visitor);
  try {
    for await (const entry of tar) {
      await reading.take(entry);
      entry.resume();
    }
    return await reading.end();
  } catch (error) {
    await reading.drop();
    if (inputFailure !== undefined) throw inputFailure;
    throw isOfTar(error) ? unusable('it is no whole tar file', error.message) : error;
  } finally {
    input.destroy();
  }
}

class Reading<Held> {
  readonly #visitor: ExportVisitor<Held>;
  readonly #sha256 = createHash('sha256');
  readonly #counts = { buckets: 0, objects: 0, bytes: 0 };
  #isKnown = false;
  #end: ExportEnd | undefined;
  #pending:
    | { readonly file: string; readonly sizeBytes: number; readonly sha256: string; readonly held: Held }
    | undefined;

  constructor(visitor: ExportVisitor<Held>) {
    this.#visitor = visitor;
  }

  async take(entry: Entry): Promise<void> {
    const { name, type } = entry.header;
    if (!this.#isKnown) {
      if (name !== names.header)
        throw unusable('it is not an export of a keeper', `it begins with ${JSON.stringify(name)}`);
      return this.#takeHeader(await readJson(entry, headerSchema));
    }
    if (this.#end !== undefined) throw unusable('something comes after its end', JSON.stringify(name));
    if (type !== 'file') throw unusable('an entry of it is no file', `${JSON.stringify(name)} of type ${type}`);
    if (name === names.end) {
      this.#end = await readJson(entry, endSchema);
    } else if (name.startsWith('buckets/')) {
      this.#counts.buckets += 1;
      await this.#visitor.bucket(await readJson(entry, bucketSchema, this.#sha256));
    } else if (name.startsWith('objects/')) {
      await this.#takeBytes(entry);
    } else if (name.startsWith('records/')) {
      await this.#takeRecord(await readJson(entry, recordSchema, this.#sha256));
    } else {
      throw unusable('it has an entry that no export has', JSON.stringify(name));
    }
  }

  async end(): Promise<ExportEnd> {
    const { buckets, objects, bytes } = this.#counts;
    if (this.#end === undefined) throw unusable('it is cut: its end is missing', `${objects} objects`);
    const end = this.#end;
    await this.drop();
    const isSame = end.buckets === buckets && end.objects === objects && end.bytes === bytes;
    if (!isSame) throw unusable('it has lost entries', `${objects} objects instead of ${end.objects}`);
    if (this.#sha256.digest('hex') !== end.sha256) throw unusable('its records are not as they were written');
    return end;
  }

  async drop(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) await this.#visitor.drop(pending.held);
  }

  #takeHeader({ version }: z.infer<typeof headerSchema>): void {
    if (version !== exportVersion)
      throw unusable(`it is of version ${version}, and this release reads ${exportVersion}`);
    this.#isKnown = true;
  }

  async #takeBytes(entry: Entry): Promise<void> {
    await this.drop();
    const { name: file, size: sizeBytes = 0 } = entry.header;
    const hash = createHash('sha256');
    const hashed = async function* (): AsyncGenerator<Uint8Array, void, void> {
      for await (const chunk of entry as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const held = await this.#visitor.bytes(hashed(), sizeBytes);
    this.#pending = { file, sizeBytes, sha256: hash.digest('hex'), held };
  }

  async #takeRecord(record: ExportedObject): Promise<void> {
    const pending = this.#pending;
    const what = JSON.stringify(`${record.bucket}/${record.key}`);
    if (pending?.file !== record.file) throw unusable(`the bytes of ${what} are missing`);
    if (pending.sizeBytes !== record.sizeBytes || pending.sha256 !== record.sha256)
      throw unusable(`the bytes of ${what} are not as they were written`);
    this.#pending = undefined;
    await this.#visitor.object(record, pending.held);
    this.#counts.objects += 1;
    this.#counts.bytes += record.sizeBytes;
  }
}

async function readJson<T>(
  entry: Entry,
  schema: z.ZodType<T>,
  sha256?: { update(bytes: Uint8Array): unknown },
): Promise<T> {
  const { name, size = 0 } = entry.header;
  if (size > maxJsonBytes) throw unusable('an entry of it is too large', `${JSON.stringify(name)}, ${size} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  sha256?.update(bytes);
  const parsed = schema.safeParse(parseJson(bytes.toString()));
  if (parsed.success) return parsed.data;
  throw unusable(`its entry ${JSON.stringify(name)} can't be read`, parsed.error.issues[0]?.message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says so
  }
}

// The errors of tar-stream for bytes that are no tar, or that end too early; then it destroys the entry being read.
function isOfTar(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /^Invalid (tar )?header|^Header exceeds|^Unexpected end of data|^Stream was destroyed/.test(error.message)
  );
}

function unusable(why: string, got?: string): KeepsakeError {
  return new KeepsakeError('ExportUnusable', {
    what: `the export can't be used: ${why}`,
    ...(got !== undefined && { got }),
    remedy: 'Export it again: keepsake keeper export.',
  });
}
