// Shared by the store's tests: a folder of their own, and the few calls that every one of them makes.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Body, ObjectMeta, Store, StoreOptions } from './contract.ts';
import { openStore, type StoreFaults } from './open-store.ts';

export { bytesOf } from './store-bytes.ts';

/** An empty folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store that is closed with the test, unless the test closed it. */
export async function openForTest(options: StoreOptions, faults: StoreFaults = {}): Promise<Store> {
  const store = await openStore(options, faults);
  let closed: Promise<void> | undefined;
  const close = store.close.bind(store);
  store.close = () => {
    closed ??= close();
    return closed;
  };
  onTestFinished(() => store.close());
  return store;
}

export async function bodyOf(store: Store, bytes: Uint8Array): Promise<Body> {
  const writer = store.beginBody(bytes.length);
  try {
    await writer.write(bytes);
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

export function metaOf(key: string, sizeBytes: number, bucket = 'photos'): ObjectMeta {
  return { bucket, key, etag: `"${key}"`, sizeBytes, headers: { 'content-type': 'image/png' }, parts: null };
}

/** Puts `bytes` under `key`; resolves when durable. */
export async function put(store: Store, key: string, bytes: Uint8Array): Promise<void> {
  const body = await bodyOf(store, bytes);
  await store.commit({ kind: 'put-object', meta: metaOf(key, bytes.length), source: { kind: 'body', body } });
}

export function remove(store: Store, ...keys: readonly string[]): Promise<void> {
  return store.commit({ kind: 'delete-objects', bucket: 'photos', keys });
}

/** The bytes under `key`, or undefined when there is no such object. */
export async function get(store: Store, key: string): Promise<Buffer | undefined> {
  const object = store.object('photos', key);
  return object && buffer(store.readBody(object.versionId));
}
