// Stores that people have: today's code opens a copy of one written by the first release and finds everything in it.
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import * as kept from '../../../test/fixtures/keeper-store-format-1/contents.ts';
import type { ObjectRecord, Store } from './contract.ts';
import { bytesOf, openForTest, put, temporaryFolder } from './store-fixture.ts';

async function openKept(): Promise<Store> {
  const folder = path.join(await temporaryFolder(), 'store');
  await cp(path.resolve(import.meta.dirname, '../../../test/fixtures/keeper-store-format-1/store'), folder, {
    recursive: true,
  });
  return openForTest({ folder });
}

const described = ({ meta, settings }: kept.KnownObject) => ({ ...meta, settings: settings.map(plain) });
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const plain = <T extends { readonly body: Uint8Array }>(setting: T) => ({ ...setting, body: textOf(setting.body) });

async function found(store: Store, record: ObjectRecord) {
  const { bucket, key, etag, sizeBytes, headers, parts, settings } = record;
  const bytes = await buffer(store.readBody(record.versionId));
  return { bucket, key, etag, sizeBytes, headers, parts, settings: settings.map(plain), bytes };
}

test('finds all of a store of format 1, byte for byte', async () => {
  const store = await openKept();
  const { bucket } = kept;
  expect(store.damaged()).toEqual([]);
  expect(store.session()).toBe(kept.session);
  expect(store.createdAt).toBe(kept.madeAt);
  expect(store.counts()).toEqual({ buckets: 1, objects: 5, bytes: 141_500, retired: 2, retiredBytes: 130 });
  const [home] = store.buckets();
  expect(home).toMatchObject({ bucket, headers: kept.bucketHeaders, createdAt: kept.madeAt });
  expect(home && textOf(home.body)).toBe(textOf(kept.bucketBody));
  expect(home?.settings.map(plain)).toEqual([plain(kept.bucketSetting)]);

  const objects = await Promise.all([...store.objects()].map((record) => found(store, record)));
  expect(objects).toEqual(kept.objects.map((one) => ({ ...described(one), bytes: one.bytes })));

  for (const [one, cause] of [
    [kept.overwritten, 'overwritten'],
    [kept.deleted, 'deleted'],
  ] as const) {
    const [retired, ...rest] = store.retired(bucket, one.meta.key);
    expect(rest).toEqual([]);
    expect(retired).toMatchObject({ retiredAt: kept.madeAt, cause });
    expect(retired && (await found(store, retired))).toEqual({ ...described(one), bytes: one.bytes });
  }

  expect(store.uploads()).toEqual([kept.upload]);
  expect(store.parts(kept.upload.uploadId)).toEqual([kept.uploadedPart.meta]);
  expect(await buffer(store.readPart(kept.upload.uploadId, 2))).toEqual(kept.uploadedPart.bytes);
  expect(store.openIntents()).toEqual([expect.objectContaining(kept.intent)]);
});

test('goes on with a store of format 1: what is written is there beside what was', async () => {
  const store = await openKept();
  await put(store, 'new', bytesOf(500, 9));
  expect([...store.objects()].map(({ key }) => key)).toEqual([
    ...kept.objects.map(({ meta }) => meta.key).filter((key) => key < 'new'),
    'new',
  ]);
  expect(store.retired(kept.bucket, kept.deleted.meta.key)).toHaveLength(1);
});
