// Thumbnails in S3, under a prefix of their own: derived from their image, made anew when they are gone. A failure to keep
// one costs only that it is drawn again.

import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { type ImageType, thumbnailKey } from '../../shared/image.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';
import type { StoredImage } from '../images/image-json.ts';
import type { Inspector } from '../images/inspect/inspector.ts';
import { beginSpool } from '../images/inspect/spool.ts';
import { partBytes } from '../images/parts.ts';
import { findStoredByKey } from '../images/rows.ts';
import { deleteThumbnails } from './delete-thumbnails.ts';

export interface ThumbnailDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly logger: Logger;
  readonly inspector: Inspector;
  /** How long one may take, drawing included. */
  readonly timeoutMs: number;
}

export class ThumbnailStore {
  readonly #deps: ThumbnailDeps;
  /** Being made, by key: asked for twice, drawn once. */
  readonly #making = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(deps: ThumbnailDeps) {
    this.#deps = deps;
  }

  /** The WebP of an image; undefined when it can't be drawn. @throws KeepsakeError of S3 for the image's own bytes */
  async get(image: StoredImage, width: number): Promise<Uint8Array | undefined> {
    if (image.contentType === 'image/svg+xml') return undefined; // the browser draws it sharp at any size
    const key = thumbnailKey(image.id, width);
    const making = this.#making.get(key) ?? this.#readOrMake(image, { key, width });
    this.#making.set(key, making);
    return making.finally(() => this.#making.delete(key));
  }

  async #readOrMake(image: StoredImage, thumbnail: Thumbnail): Promise<Uint8Array | undefined> {
    const kept = await this.#read(thumbnail.key);
    if (kept !== undefined) return kept;
    const bytes = await this.#draw(image, thumbnail.width);
    if (bytes !== undefined) await this.#keep(image, thumbnail.key, bytes);
    return bytes;
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    const { client, name } = this.#deps.bucket;
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return await buffer(answer.Body as Readable);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw asS3Error(error, name);
    }
  }

  async #draw(image: StoredImage, width: number): Promise<Uint8Array | undefined> {
    const { bucket, inspector, timeoutMs } = this.#deps;
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await bucket.client
      .send(new GetObjectCommand({ Bucket: bucket.name, Key: image.key }), { abortSignal: signal })
      .catch((error: unknown) => {
        throw asS3Error(error, bucket.name);
      });
    const body = answer.Body as Readable;
    const type = image.contentType as ImageType;
    if (image.sizeBytes <= partBytes) return inspector.draw({ source: await buffer(body), type, width }, signal);
    const spool = await beginSpool();
    try {
      for await (const chunk of body) await spool.write(chunk as Buffer);
      return await inspector.draw({ source: spool.file, type, width }, signal);
    } finally {
      await spool.remove();
    }
  }

  async #keep(image: StoredImage, key: string, bytes: Uint8Array): Promise<void> {
    const { pool, bucket, logger } = this.#deps;
    try {
      const object = { Bucket: bucket.name, Key: key, Body: bytes, ContentType: 'image/webp' };
      await bucket.client.send(new PutObjectCommand(object));
      // Deleted meanwhile: whoever deleted it could not see this one yet.
      if ((await findStoredByKey(pool, image.key)) === undefined) await deleteThumbnails(bucket, image.key);
    } catch (error) {
      logger.warn({ key, reason: asS3Error(error, bucket.name).message }, 'a thumbnail could not be kept');
    }
  }
}

interface Thumbnail {
  readonly key: string;
  readonly width: number;
}
