// The store against a naive model: any sequence of changes, expiries and restarts leaves both with the same objects,
// bytes, undo lists, uploads and counts.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Store } from './contract.ts';
import { openStore } from './open-store.ts';
import { bodyOf, bytesOf, metaOf, temporaryFolder } from './store-fixture.ts';

const retentionMs = 10;
const retentionBytes = 400;
const inlineBytes = 40;

interface Version {
  readonly key: string;
  readonly bytes: Buffer;
  /** Numbers the versions as they were saved. */
  readonly number: number;
  readonly retiredAt: number;
}

interface Model {
  now: number;
  saved: number;
  readonly objects: Map<string, Version>;
  /** In the order they expire: by the time they were retired, then as they were saved. */
  retired: readonly Version[];
  readonly uploads: Map<string, Map<number, Buffer>>;
}

interface Real {
  readonly folder: string;
  readonly clock: { now: number };
  store: Store;
}

type Command = fc.AsyncCommand<Model, Real>;

const open = (folder: string, clock: { now: number }): Promise<Store> =>
  openStore({ folder, inlineBytes, retentionMs, retentionBytes, now: () => clock.now });

/** A command: what it does to the model, what it does to the store, and then everything is compared. */
function command(name: string, act: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      await act(model, real);
      await compare(model, real.store);
    },
    toString: () => name,
  };
}

function retire(model: Model, key: string): void {
  const version = model.objects.get(key);
  if (!version) return;
  const all = [...model.retired, { ...version, retiredAt: model.now }];
  model.retired = all.sort((a, b) => a.retiredAt - b.retiredAt || a.number - b.number);
  model.objects.delete(key);
}

function save(model: Model, key: string, bytes: Buffer): void {
  retire(model, key);
  model.saved += 1;
  model.objects.set(key, { key, bytes, number: model.saved, retiredAt: 0 });
}

const put = (key: string, bytes: Buffer): Command =>
  command(`put ${key} ${bytes.length}`, async (model, { store }) => {
    const body = await bodyOf(store, bytes);
    await store.commit({ kind: 'put-object', meta: metaOf(key, bytes.length), source: { kind: 'body', body } });
    save(model, key, bytes);
  });

const remove = (keys: readonly string[]): Command =>
  command(`delete ${keys}`, async (model, { store }) => {
    await store.commit({ kind: 'delete-objects', bucket: 'photos', keys });
    for (const key of keys) retire(model, key);
  });

const copy = (from: string, to: string): Command =>
  command(`copy ${from} ${to}`, async (model, { store }) => {
    const bytes = model.objects.get(from)?.bytes;
    const source = { kind: 'same-as', bucket: 'photos', key: from } as const;
    const done = store.commit({ kind: 'put-object', meta: metaOf(to, bytes?.length ?? 0), source });
    if (!bytes) {
      await expect(done).rejects.toMatchObject({ code: 'VersionNotFound' });
      return;
    }
    await done;
    save(model, to, bytes);
  });

const restore = (key: string): Command =>
  command(`restore ${key}`, async (model, { store }) => {
    const [version] = store.retired('photos', key);
    if (!version) return;
    const bytes = await buffer(store.readBody(version.versionId));
    const source = { kind: 'version', versionId: version.versionId } as const;
    await store.commit({ kind: 'put-object', meta: metaOf(key, bytes.length), source });
    save(model, key, bytes);
  });

const putPart = (uploadId: string, partNumber: number, bytes: Buffer): Command =>
  command(`part ${uploadId} ${partNumber} ${bytes.length}`, async (model, { store }) => {
    if (!model.uploads.has(uploadId)) {
      const upload = { bucket: 'photos', key: 'k', uploadId, upstreamUploadId: uploadId, headers: {}, createdAt: 0 };
      await store.commit({ kind: 'create-upload', upload });
      model.uploads.set(uploadId, new Map());
    }
    const part = { partNumber, sizeBytes: bytes.length, etag: '"p"', headers: {} };
    await store.commit({ kind: 'put-part', uploadId, part, source: await bodyOf(store, bytes) });
    model.uploads.get(uploadId)?.set(partNumber, bytes);
  });

const complete = (uploadId: string, key: string): Command =>
  command(`complete ${uploadId} ${key}`, async (model, { store }) => {
    const parts = [...(model.uploads.get(uploadId) ?? [])].sort(([a], [b]) => a - b);
    if (parts.length === 0) return;
    const chosen = parts.slice(0, 2);
    const bytes = Buffer.concat(chosen.map(([, part]) => part));
    const partNumbers = chosen.map(([partNumber]) => partNumber);
    await store.commit({ kind: 'complete-upload', uploadId, partNumbers, meta: metaOf(key, bytes.length) });
    model.uploads.delete(uploadId);
    save(model, key, bytes);
  });

const abort = (uploadId: string): Command =>
  command(`abort ${uploadId}`, async (model, { store }) => {
    await store.commit({ kind: 'abort-upload', uploadId });
    model.uploads.delete(uploadId);
  });

const expire = (afterMs: number): Command =>
  command(`expire after ${afterMs}`, async (model, { store, clock }) => {
    clock.now += afterMs;
    model.now = clock.now;
    await store.expire(clock.now);
    const sum = () => model.retired.reduce((total, { bytes }) => total + bytes.length, 0);
    for (let oldest = model.retired[0]; oldest; oldest = model.retired[0]) {
      if (oldest.retiredAt + retentionMs > model.now && sum() <= retentionBytes) break;
      model.retired = model.retired.slice(1);
    }
  });

const reopen = (): Command =>
  command('reopen', async (_model, real) => {
    await real.store.close();
    real.store = await open(real.folder, real.clock);
  });

async function compare(model: Model, store: Store): Promise<void> {
  const sizes = (all: readonly Version[]) => all.reduce((total, { bytes }) => total + bytes.length, 0);
  const keys = [...model.objects.keys()].sort();
  expect([...store.objects()].map(({ key }) => key)).toEqual(keys);
  for (const object of store.objects()) {
    expect(await buffer(store.readBody(object.versionId))).toEqual(model.objects.get(object.key)?.bytes);
  }
  for (const key of ['a', 'b', 'c']) {
    const kept = await Promise.all(
      store.retired('photos', key).map(({ versionId }) => buffer(store.readBody(versionId))),
    );
    expect(kept.reverse()).toEqual(model.retired.filter((one) => one.key === key).map(({ bytes }) => bytes));
  }
  expect(
    store
      .uploads()
      .map(({ uploadId }) => uploadId)
      .sort(),
  ).toEqual([...model.uploads.keys()].sort());
  for (const [uploadId, parts] of model.uploads) {
    for (const [partNumber, bytes] of parts) {
      expect(await buffer(store.readPart(uploadId, partNumber))).toEqual(bytes);
    }
  }
  expect(store.counts()).toMatchObject({
    objects: model.objects.size,
    bytes: sizes([...model.objects.values()]),
    retired: model.retired.length,
    retiredBytes: sizes(model.retired),
  });
  expect(store.damaged()).toEqual([]);
}

// Once nothing refers to them, no body may be left.
async function checkNothingLeft({ store, folder, clock }: Real): Promise<void> {
  for (const { uploadId } of store.uploads()) await store.commit({ kind: 'abort-upload', uploadId });
  await store.commit({ kind: 'delete-bucket', bucket: 'photos' });
  await store.expire(clock.now + retentionMs);
  expect(store.counts()).toEqual({ buckets: 0, objects: 0, bytes: 0, retired: 0, retiredBytes: 0 });
  await store.close();
  expect(await readdir(path.join(folder, 'bodies'))).toEqual([]);
}

test('agrees with the model after every command of any sequence', { timeout: 120_000 }, async () => {
  const top = await temporaryFolder();
  const key = fc.constantFrom('a', 'b', 'c');
  const upload = fc.constantFrom('u', 'v');
  const bytes = fc.tuple(fc.integer({ min: 0, max: 90 }), fc.nat(1000)).map(([size, seed]) => bytesOf(size, seed));
  const commands = fc.commands<Model, Real, false>(
    [
      fc.tuple(key, bytes).map(([to, content]) => put(to, content)),
      fc.tuple(key, bytes).map(([to, content]) => put(to, content)),
      fc.subarray(['a', 'b', 'c']).map(remove),
      fc.tuple(key, key).map(([from, to]) => copy(from, to)),
      key.map(restore),
      fc.tuple(upload, fc.integer({ min: 1, max: 3 }), bytes).map(([id, part, content]) => putPart(id, part, content)),
      fc.tuple(upload, key).map(([id, to]) => complete(id, to)),
      upload.map(abort),
      fc.nat(8).map(expire),
      fc.constant(reopen()),
    ],
    { maxCommands: 45, size: '+1' },
  );
  let run = 0;
  const property = fc.asyncProperty(commands, async (sequence) => {
    const folder = path.join(top, String(run++));
    const clock = { now: 1 };
    const real: Real = { folder, clock, store: await open(folder, clock) };
    const model = { now: 1, saved: 0, objects: new Map(), retired: [], uploads: new Map() };
    try {
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await checkNothingLeft(real);
    } catch (error) {
      await real.store.close();
      throw error;
    }
  });
  await fc.assert(property, { numRuns: 10 });
});
