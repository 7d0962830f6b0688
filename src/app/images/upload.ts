// One upload, step by step (P6): row `pending` committed → bytes to S3, each part checked by S3 → proven → row `stored`.
// Nothing is put where readers look before the whole form has come, is right, and its image was decoded. A step that fails undoes the ones before
// it; what a crash leaves is a pending row that nobody sees, for the reaper or the reconciler to end.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { asKeepsakeError, KeepsakeError } from '../../shared/errors.ts';
import { imageKey, newImageId, toObjectMetadata } from '../../shared/image.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { detectImageType } from './content-type.ts';
import type { StoredImage } from './image-json.ts';
import type { ImageFacts, ImageSource } from './inspect/facts.ts';
import type { Inspector } from './inspect/inspector.ts';
import { beginSpool, type Spool } from './inspect/spool.ts';
import { abortMultiparts, beginMultipart, type MultipartWriter, putObject } from './object-writer.ts';
import { partsOf } from './parts.ts';
import {
  type BodyFacts,
  deleteObjectLater,
  describePending,
  discardPending,
  insertPending,
  markStored,
  type PendingImage,
} from './rows.ts';

export interface UploadDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly logger: Logger;
  readonly maxUploadBytes: number;
  readonly inspector: Inspector;
  readonly clock: () => Date;
}

/** A body that has come: held here when it is one part, else in S3 as the parts of an object that isn't there yet. */
type Received =
  | { readonly kind: 'held'; readonly image: PendingImage; readonly facts: BodyFacts; readonly body: Buffer }
  | {
      readonly kind: 'sent';
      readonly image: PendingImage;
      readonly facts: BodyFacts;
      readonly writer: MultipartWriter;
    };

export class Upload {
  readonly id = newImageId();
  readonly #deps: UploadDeps;
  readonly #abort = new AbortController();
  #body: Readable | undefined;
  #receiving: Promise<Received> | undefined;
  #hasParts = false;
  #pendingKey: string | undefined;
  #spool: Spool | undefined;

  constructor(deps: UploadDeps) {
    this.#deps = deps;
  }

  /** Takes the body in. To be called once, then `finish` or `discard`. @throws KeepsakeError for a body that can't be taken. */
  receive(body: Readable, originalName: string): Promise<Received> {
    this.#body = body;
    this.#receiving = this.#receive(body, originalName);
    return this.#receiving;
  }

  /** Puts the object in its place and makes the image visible. */
  async finish(received: Received, title: string): Promise<StoredImage> {
    const { pool, bucket } = this.#deps;
    const image = { ...received.image, title };
    if (received.kind === 'held') {
      await this.#insert(image, received.facts);
      const metadata = toObjectMetadata({ ...image, ...received.facts });
      await putObject(bucket, { ...image, metadata }, received.body, this.#abort.signal);
    } else {
      await describePending(pool, image.id, { title, ...received.facts });
      await received.writer.complete();
    }
    const stored = await markStored(pool, image.id);
    if (stored) return stored;
    await deleteObjectLater(pool, image.key);
    throw new KeepsakeError('Conflict', {
      what: 'the upload was taken for dead and given up while it went on',
      remedy: 'Send the image again; raise UPLOAD_GRACE if uploads take that long.',
    });
  }

  /** Undoes what was done so far. Never throws: what can't be undone now is left to the reaper. */
  async discard(): Promise<void> {
    const { pool, bucket, logger } = this.#deps;
    this.#abort.abort();
    this.#body?.destroy(); // a client that stalls would keep it open
    await this.#receiving?.catch(() => {}); // its error is the one that led here
    await this.#spool?.remove();
    if (this.#pendingKey === undefined) return;
    try {
      // Parts before row: while the row is there, the reaper knows of them.
      if (this.#hasParts) await abortMultiparts(bucket, this.#pendingKey);
      await discardPending(pool, this.id);
    } catch (error) {
      const { code, message } = asKeepsakeError(error);
      logger.warn({ key: this.#pendingKey, code, reason: message }, 'an upload is left to the reaper');
    }
  }

  async #receive(body: Readable, originalName: string): Promise<Received> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const count = (part: Buffer): Buffer => {
      sizeBytes += part.length;
      hash.update(part);
      return part;
    };
    const parts = partsOf(body, this.#deps.maxUploadBytes);
    try {
      const first = (await parts.next()).value;
      if (!first) throw emptyFile(originalName);
      const image = await this.#describe(count(first), originalName);
      let next = await parts.next();
      if (next.done) {
        const pixels = await this.#inspect(image, first);
        return { kind: 'held', image, body: first, facts: { sizeBytes, sha256: hash.digest('hex'), ...pixels } };
      }
      const writer = await this.#begin(image);
      const spool = await this.#beginSpool();
      const keep = (part: Buffer) => Promise.all([writer.write(part), spool.write(part)]);
      await keep(first);
      for (; !next.done; next = await parts.next()) await keep(count(next.value));
      const pixels = await this.#inspect(image, spool.file);
      await spool.remove();
      return { kind: 'sent', image, writer, facts: { sizeBytes, sha256: hash.digest('hex'), ...pixels } };
    } finally {
      await parts.return();
    }
  }

  async #describe(head: Buffer, originalName: string): Promise<PendingImage> {
    const { id } = this;
    const contentType = await detectImageType(head);
    const key = imageKey(id, contentType);
    return { id, key, title: '', originalName, contentType, uploadedAt: this.#deps.clock() };
  }

  async #beginSpool(): Promise<Spool> {
    this.#spool = await beginSpool();
    return this.#spool;
  }

  #inspect({ contentType: type }: PendingImage, source: ImageSource): Promise<ImageFacts> {
    return this.#deps.inspector.inspect({ source, type }, this.#abort.signal);
  }

  async #begin(image: PendingImage): Promise<MultipartWriter> {
    await this.#insert(image);
    this.#hasParts = true; // before the request: it may succeed although its answer is lost
    // The title may still be to come in the form: then the row alone has it.
    const object = { ...image, metadata: toObjectMetadata(image) };
    return beginMultipart(this.#deps.bucket, object, this.#abort.signal);
  }

  async #insert(image: PendingImage, facts?: BodyFacts): Promise<void> {
    this.#pendingKey = image.key; // before the statement: it may succeed although its answer is lost
    await insertPending(this.#deps.pool, image, facts);
  }
}

function emptyFile(originalName: string): KeepsakeError {
  return new KeepsakeError('EmptyFile', {
    what: 'the file is empty',
    expected: 'an image',
    got: `0 bytes in ${JSON.stringify(originalName)}`,
    remedy: 'Check the file, and send it again.',
  });
}
