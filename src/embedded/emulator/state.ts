// The emulator's state while it runs: buckets, objects in key order, uploads in progress. In memory but for the bytes;
// it begins empty at every start.
import { randomBytes } from 'node:crypto';
import { compareKeys } from '../../shared/key-order.ts';
import { faults } from './answers.ts';
import { type BodyFile, release } from './body-files.ts';
import type { Checksums } from './receive-body.ts';

export interface PartOfObject {
  readonly sizeBytes: number;
}

export interface StoredObject {
  readonly key: string;
  readonly files: readonly BodyFile[];
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  /** Headers to answer with: content type, x-amz-meta-*, storage class… Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Checksums;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly parts: readonly PartOfObject[] | null;
  /** Documents of sub-resources: tagging, acl. */
  readonly documents: Map<string, string>;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly file: BodyFile;
  readonly md5: Buffer;
  readonly checksums: Checksums;
  readonly lastModified: Date;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly documents: ReadonlyMap<string, string>;
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly createdAt: Date;
  readonly parts: Map<number, UploadedPart>;
}

export class Bucket {
  readonly name: string;
  readonly createdAt = new Date();
  readonly region: string;
  readonly documents = new Map<string, string>();
  readonly uploads = new Map<string, Upload>();
  readonly #objects = new Map<string, StoredObject>();
  readonly #keys: string[] = [];

  constructor(name: string, region: string) {
    this.name = name;
    this.region = region;
  }

  /** All keys, in the order S3 lists them. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** @throws S3Fault `NoSuchKey` */
  require(key: string): StoredObject {
    const object = this.#objects.get(key);
    if (!object) throw faults.noSuchKey();
    return object;
  }

  put(object: StoredObject): void {
    const previous = this.#objects.get(object.key);
    if (!previous) this.#keys.splice(firstNotBefore(this.#keys, object.key), 0, object.key);
    this.#objects.set(object.key, object);
    if (previous) release(previous.files);
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (!object) return;
    this.#objects.delete(key);
    this.#keys.splice(firstNotBefore(this.#keys, key), 1);
    release(object.files);
  }

  /** @throws S3Fault `NoSuchUpload` */
  requireUpload(id: string, key: string): Upload {
    const upload = this.uploads.get(id);
    if (!upload || upload.key !== key) throw faults.noSuchUpload();
    return upload;
  }
}

export class EmulatorState {
  readonly buckets = new Map<string, Bucket>();

  /** @throws S3Fault `NoSuchBucket` */
  require(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw faults.noSuchBucket();
    return bucket;
  }
}

export function newUploadId(): string {
  return randomBytes(32).toString('hex');
}

/** The place of the first key that is not before `key`, in key order. */
export function firstNotBefore(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
