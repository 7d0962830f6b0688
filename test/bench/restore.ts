// npm run bench:restore: how fast a new emulator is filled from the store, against plain clients that put as many objects
// into a bare one. Also how soon and how fast a client reads an object that is not back yet. The last line is JSON.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import Table from 'cli-table3';
import { createOption } from 'commander';
import { openStore, type Store } from '../../src/keeper/store/index.ts';
import { KeepsakeError } from '../../src/shared/errors.ts';
import type { KeeperStatus } from '../../src/shared/keeper-api.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { readS3Config } from '../../src/shared/s3/settings.ts';
import { randomOf } from '../model/random.ts';
import { makeBenchFolder } from './folder.ts';
import { type KeeperProcess, startKeeperProcess } from './keeper-process.ts';
import { type Loader, startLoader } from './loader.ts';
import { benchProgram, readOptions, sizeIn, type UpstreamOptions, wholeNumber } from './options.ts';
import { removeBucket } from './remove-bucket.ts';
import { figuresOf, type Measurement } from './summary.ts';
import { createUpstream } from './upstream.ts';

interface Options extends UpstreamOptions {
  readonly objects: number;
  readonly size: number;
  readonly clients: number;
  readonly readEvery: number;
}

const program = benchProgram('restore', {
  description:
    'How fast a new emulator is filled from the store, against plain clients that put as many, and reads meanwhile.',
})
  .option('--objects <n>', 'objects in the store', wholeNumber, 5000)
  .addOption(createOption('--size <size>', 'size of each').argParser(sizeIn).default(4096, '4KiB'))
  .option('--clients <n>', 'plain clients at once', wholeNumber, 16)
  .option('--read-every <ms>', 'how often a client reads an object while they are put back', wholeNumber, 100);
const options = readOptions<Options>(program);
const { objects, size: sizeBytes, clients } = options;
const objectHeaders = { 'content-type': 'application/octet-stream' };
const bucketName = `bench-restore-${process.pid}`;
const folder = await makeBenchFolder();
const storeFolder = path.join(folder, 'keeper');
const upstream = await createUpstream(options, folder);
const loader = startLoader();
try {
  await fillStore();
  const before = await samplePlainPuts(loader);
  const restored = await measureRestore();
  const starts = await measureStarts();
  const after = await samplePlainPuts(loader);
  report({ plain: [before, after], restored, starts });
} catch (error) {
  if (!(error instanceof KeepsakeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
} finally {
  loader.close();
  if (!upstream.part) await removeFromUpstream(bucketName);
  await upstream.part?.stop();
}

function keyOf(index: number): string {
  return `objects/${String(index).padStart(8, '0')}`;
}

/** Bytes that tell which object they are. */
function bodyOf(index: number): Buffer {
  return Buffer.alloc(sizeBytes, `${keyOf(index)} `);
}

/** As clients' PUTs through a keeper would have, but for the emulator. */
async function fillStore(): Promise<void> {
  const store = await openStore({ folder: storeFolder });
  const startedAt = performance.now();
  await store.commit({ kind: 'put-bucket', bucket: bucketName, headers: {}, body: new Uint8Array() });
  for (let index = 0; index < objects; index += 256) {
    const batch = Array.from({ length: Math.min(256, objects - index) }, (_, i) => putInStore(store, index + i));
    await Promise.all(batch);
  }
  await store.close();
  console.log(`${objects} objects of ${sizeBytes} bytes in the store after ${secondsSince(startedAt)} s`);
}

async function putInStore(store: Store, index: number): Promise<void> {
  const bytes = bodyOf(index);
  const writer = store.beginBody(sizeBytes);
  await writer.write(bytes);
  const body = await writer.finish();
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  const meta = { bucket: bucketName, key: keyOf(index), etag, sizeBytes, headers: objectHeaders, parts: null };
  await store.commit({ kind: 'put-object', meta, source: { kind: 'body', body } });
}

/** Plain clients put as many such objects into a bare emulator that was just started, as the keeper finds one. */
async function samplePlainPuts(plain: Loader): Promise<Measurement> {
  const bucket = `${bucketName}-plain`;
  await upstream.part?.start();
  const client = createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: upstream.url }));
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  const result = await plain.run({
    url: upstream.url,
    bucket,
    prefix: 'objects',
    operation: 'put',
    clients,
    until: { requests: objects },
    sizeBytes,
    headers: objectHeaders,
  });
  console.log(`plain: ${Math.round((result.latenciesMs.length * 1000) / result.elapsedMs)} objects/s`);
  if (upstream.part) await upstream.part.kill();
  else await removeFromUpstream(bucket);
  return result;
}

async function removeFromUpstream(name: string): Promise<void> {
  const client = createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: upstream.url }));
  await removeBucket({ client, name }).finally(() => client.destroy());
}

interface Restored {
  readonly restoreMs: number;
  readonly openMs: number;
  readonly firstReadMs: number;
  readonly reads: Measurement;
  readonly peakBytes: number | null;
}

async function measureRestore(): Promise<Restored> {
  await upstream.part?.start();
  const keeper = await startKeeper('answering');
  try {
    const [status, { firstReadMs, reads }] = await Promise.all([untilWhole(keeper), readWhileRestoring(keeper)]);
    const { startedAt, finishedAt } = status.restore;
    const restoreMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
    return { restoreMs, openMs: keeper.startMs, firstReadMs, reads, peakBytes: keeper.peakBytes() };
  } finally {
    await keeper.stop();
  }
}

/** Says every ten seconds how far it is. */
async function untilWhole(keeper: KeeperProcess): Promise<KeeperStatus> {
  for (let saidAt = performance.now(); ; await delay(50)) {
    const status = await keeper.status();
    if (status.state === 'ready') return status;
    if (performance.now() - saidAt < 10_000) continue;
    saidAt = performance.now();
    const { objectsDone, objectsTotal, secondsLeft } = status.restore;
    console.log(`restoring: ${objectsDone} of ${objectsTotal}, ${secondsLeft} s left`);
  }
}

/** Reads random objects of the last half, which the walk comes to last, until all are back; each is compared. */
async function readWhileRestoring(keeper: KeeperProcess): Promise<{ firstReadMs: number; reads: Measurement }> {
  const random = randomOf(1, 'reads');
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let firstReadMs = Number.NaN;
  while ((await keeper.status()).state !== 'ready') {
    const index = random.integer(Math.floor(objects / 2), objects - 1);
    const sentAt = performance.now();
    const answer = await fetch(`${keeper.url}/${bucketName}/${keyOf(index)}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status !== 200 || !bytes.equals(bodyOf(index)))
      throw new Error(`${keyOf(index)} was answered with ${answer.status} and ${bytes.length} bytes`);
    latenciesMs.push(performance.now() - sentAt);
    if (latenciesMs.length === 1) firstReadMs = keeper.startMs + performance.now() - startedAt;
    await delay(options.readEvery);
  }
  return { firstReadMs, reads: { latenciesMs, elapsedMs: performance.now() - startedAt } };
}

/** Starts of the keeper before an emulator that has all already. */
async function measureStarts(): Promise<readonly number[]> {
  const startsMs: number[] = [];
  for (let start = 0; start < 3; start++) {
    const keeper = await startKeeper('whole');
    startsMs.push(keeper.startMs);
    const { restore } = await keeper.status();
    await keeper.stop();
    if (restore.startedAt !== null) throw new Error('a keeper put objects back that were there');
  }
  await upstream.part?.kill();
  return startsMs;
}

function startKeeper(until: 'answering' | 'whole'): Promise<KeeperProcess> {
  return startKeeperProcess(
    { folder: storeFolder, upstreamUrl: upstream.url, logFile: path.join(folder, 'keeper.log') },
    until,
  );
}

function report(results: {
  readonly plain: readonly Measurement[];
  readonly restored: Restored;
  readonly starts: readonly number[];
}): void {
  const { restoreMs, openMs, firstReadMs, reads, peakBytes } = results.restored;
  const plainRate = figuresOf(results.plain).rate;
  const restoreRate = Math.round((objects * 1000) / restoreMs);
  const { p50Ms, p99Ms } = figuresOf([reads]);
  const figures = {
    upstream: upstream.name,
    localstackProcessors: upstream.localstackProcessors,
    objects,
    sizeBytes,
    plainRate,
    restoreRate,
    ratio: Math.round((restoreRate / plainRate) * 1000) / 1000,
    restoreSeconds: Math.round(restoreMs / 100) / 10,
    openMs: Math.round(openMs),
    firstReadMs: Math.round(firstReadMs),
    readsWhileRestoring: reads.latenciesMs.length,
    readP50Ms: p50Ms,
    readP99Ms: p99Ms,
    startMs: Math.round(results.starts.toSorted((a, b) => a - b)[1] ?? Number.NaN),
    peakMiB: peakBytes === null ? null : Math.round(peakBytes / 1024 ** 2),
  };
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    [`${clients} plain clients, bare`, `${plainRate} objects/s`],
    ['restore', `${restoreRate} objects/s (${figures.ratio} of that), ${figures.restoreSeconds} s`],
    ['first answer of a late object', `${figures.firstReadMs} ms after the start of the keeper's process`],
    [`${figures.readsWhileRestoring} reads meanwhile`, `p50 ${p50Ms} ms, p99 ${p99Ms} ms`],
    ['start with nothing to restore', `${figures.startMs} ms`],
    ['memory of the keeper, at most', `${figures.peakMiB} MiB`],
  );
  console.log(table.toString());
  console.log(JSON.stringify(figures));
}

function secondsSince(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}
