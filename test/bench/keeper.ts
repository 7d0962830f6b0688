// npm run bench:keeper: what the keeper costs. Each operation goes to the bare emulator and through the keeper in turn, round
// by round, so that what changes on the machine meanwhile meets both. The last line is JSON.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import Table from 'cli-table3';
import { createOption } from 'commander';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { type Bucket, createS3Client } from '../../src/shared/s3/client.ts';
import { readS3Config } from '../../src/shared/s3/settings.ts';
import { makeBenchFolder } from './folder.ts';
import { type KeeperProcess, startKeeperProcess } from './keeper-process.ts';
import { type Loader, startLoader } from './loader.ts';
import { benchProgram, readOptions, sizesIn, type UpstreamOptions, wholeNumber } from './options.ts';
import { removeBucket } from './remove-bucket.ts';
import type { LoadRequest, LoadResult } from './s3-load.ts';
import { figuresOf, medianRatio } from './summary.ts';
import { createUpstream } from './upstream.ts';

/** `first-get` reads each object for the first time, `get` again. */
const operations = ['put', 'first-get', 'get'] as const;
type Operation = (typeof operations)[number];
type Side = 'bare' | 'keeper' | 'proxy';
/** A load, and the processor time that the keeper took for it; null where the system does not tell. */
interface Measured extends LoadResult {
  readonly keeperCpuMs: number | null;
}
type Round = Readonly<Record<Operation, Readonly<Record<Side, Measured>>>>;

interface Options extends UpstreamOptions {
  readonly clients: number;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly withProxy: boolean;
}

const program = benchProgram('keeper', {
  description: 'What the keeper costs: the same load on the bare emulator and through the keeper.',
})
  .option('--clients <n>', 'clients, each sends one request after the other', wholeNumber, 16)
  .addOption(
    createOption('--sizes <sizes>', 'sizes of the bodies: all is measured with each')
      .argParser(sizesIn)
      .default([4096, 1024 ** 2], '4KiB,1MiB'),
  )
  .option('--rounds <n>', 'rounds; each measures the emulator and the keeper', wholeNumber, 5)
  .option('--seconds <n>', 'how long each operation of a round is measured', wholeNumber, 2)
  .option('--with-proxy', 'measures a proxy that keeps nothing, too: what any process in between costs', false);
const options = readOptions<Options>(program);
const sides: readonly Side[] = options.withProxy ? ['bare', 'keeper', 'proxy'] : ['bare', 'keeper'];
const { clients, seconds, rounds } = options;
/** V8 compiles what a keeper does often for some thousand requests: one that was just started is not what is measured. */
const warmUpSeconds = 4;

const folder = await makeBenchFolder();
const upstream = await createUpstream(options, folder);
const loader = startLoader();
let roundsBegun = 0;
let keeper: KeeperProcess | undefined;
let proxy: PlainProxy | undefined;
try {
  await upstream.part?.start();
  const place = {
    folder: path.join(folder, 'keeper'),
    upstreamUrl: upstream.url,
    logFile: path.join(folder, 'keeper.log'),
  };
  keeper = await startKeeperProcess(place, 'whole');
  if (options.withProxy) proxy = await startPlainProxy(upstream.url);
  const urls = { bare: upstream.url, keeper: keeper.url, proxy: proxy?.url ?? '' };
  const results = [];
  const { localstackProcessors } = upstream;
  for (const sizeBytes of options.sizes) results.push(await measureSize({ keeper, loader, urls }, sizeBytes));
  console.log(JSON.stringify({ upstream: upstream.name, localstackProcessors, clients, rounds, sizes: results }));
} catch (error) {
  if (!(error instanceof KeepsakeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
} finally {
  loader.close();
  proxy?.close();
  await keeper?.stop();
  await upstream.part?.stop();
}

interface PlainProxy {
  readonly url: string;
  close(): void;
}

async function startPlainProxy(upstreamUrl: string): Promise<PlainProxy> {
  const child = fork(path.join(import.meta.dirname, 'plain-proxy.ts'), [upstreamUrl]);
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, close: () => void child.kill() };
}

interface Parts {
  readonly keeper: KeeperProcess;
  readonly loader: Loader;
  readonly urls: Readonly<Record<Side, string>>;
}

async function measureSize(parts: Parts, sizeBytes: number) {
  await measureRound(parts, { sizeBytes, order: sides, seconds: warmUpSeconds });
  const done: Round[] = [];
  for (let number = 1; number <= rounds; number++) {
    const order = number % 2 === 1 ? sides : sides.toReversed();
    const round = await measureRound(parts, { sizeBytes, order, seconds });
    done.push(round);
    const ratios = operations.map((operation) => `${operation} ${ratioOf([round], operation)}`);
    console.log(`${sizeBytes} bytes, round ${number} of ${rounds}, keeper to bare: ${ratios.join(', ')}`);
  }
  print(sizeBytes, done);
  return summaryOf(sizeBytes, done);
}

interface RoundPlan {
  readonly sizeBytes: number;
  readonly order: readonly Side[];
  readonly seconds: number;
}

// Each round has buckets of its own, and leaves nothing: the emulator holds all in memory.
async function measureRound({ keeper, loader, urls }: Parts, { order, sizeBytes, seconds }: RoundPlan): Promise<Round> {
  const buckets = Object.fromEntries(sides.map((side) => [side, bucketAt(side, urls[side])])) as Record<Side, Bucket>;
  for (const side of sides) await buckets[side].client.send(new CreateBucketCommand({ Bucket: buckets[side].name }));
  const measure = async (operation: Operation): Promise<Record<Side, Measured>> => {
    const results = new Map<Side, Measured>();
    for (const side of order) {
      const target = { url: urls[side], bucket: buckets[side].name, prefix: `${side}-${roundsBegun}` };
      results.set(side, await timed(keeper, loader, { ...target, sizeBytes, until: { seconds }, operation, clients }));
    }
    return Object.fromEntries(results) as Record<Side, Measured>;
  };
  roundsBegun += 1;
  const round = { put: await measure('put'), 'first-get': await measure('first-get'), get: await measure('get') };
  for (const side of sides) {
    await removeBucket(buckets[side]);
    buckets[side].client.destroy();
  }
  return round;
}

async function timed(keeper: KeeperProcess, loader: Loader, request: LoadRequest): Promise<Measured> {
  const before = keeper.cpuMs();
  const result = await loader.run(request);
  const after = keeper.cpuMs();
  return { ...result, keeperCpuMs: before === null || after === null ? null : after - before };
}

function bucketAt(side: Side, url: string): Bucket {
  return {
    name: `bench-${side}-${process.pid}`,
    client: createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: url })),
  };
}

function ratioOf(rounds: readonly Round[], operation: Operation, side: Side = 'keeper'): number {
  return medianRatio(rounds.map((round) => [round[operation].bare, round[operation][side]]));
}

function print(sizeBytes: number, done: readonly Round[]): void {
  const head = [`${sizeBytes} bytes`, 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms of the keeper'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const operation of operations)
    for (const side of sides) {
      const measured = done.map((round) => round[operation][side]);
      const { rate, p50Ms, p99Ms } = figuresOf(measured);
      table.push([`${operation} ${side}`, rate, p50Ms, p99Ms, side === 'keeper' ? (cpuEach(measured) ?? '?') : '']);
    }
  console.log(table.toString());
}

function summaryOf(sizeBytes: number, done: readonly Round[]) {
  const of = (operation: Operation) => {
    const [bare, keeper] = (['bare', 'keeper'] as const).map((side) => done.map((round) => round[operation][side]));
    const figures = { bare: figuresOf(bare ?? []), keeper: figuresOf(keeper ?? []) };
    return {
      ...figures,
      ratio: ratioOf(done, operation),
      p50AddedMs: Math.round((figures.keeper.p50Ms - figures.bare.p50Ms) * 100) / 100,
      cpuMs: cpuEach(keeper ?? []),
      ofProxy: options.withProxy ? ratioOf(done, operation, 'proxy') : undefined,
    };
  };
  const [put, firstGet, get] = [of('put'), of('first-get'), of('get')];
  return {
    sizeBytes,
    putRatio: put.ratio,
    firstGetRatio: firstGet.ratio,
    getRatio: get.ratio,
    ...(options.withProxy && { plainProxy: { putRatio: put.ofProxy, getRatio: get.ofProxy } }),
    putP50AddedMs: put.p50AddedMs,
    firstGetP50AddedMs: firstGet.p50AddedMs,
    getP50AddedMs: get.p50AddedMs,
    keeperCpuMsPerPut: put.cpuMs,
    keeperCpuMsPerFirstGet: firstGet.cpuMs,
    keeperCpuMsPerGet: get.cpuMs,
    bare: { put: put.bare, firstGet: firstGet.bare, get: get.bare },
    keeper: { put: put.keeper, firstGet: firstGet.keeper, get: get.keeper },
  };
}

/** The keeper's processor time for one request, over all rounds. */
function cpuEach(measured: readonly Measured[]): number | null {
  const requests = measured.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
  const cpuMs = measured.reduce((sum, { keeperCpuMs }) => sum + (keeperCpuMs ?? Number.NaN), 0);
  return Number.isNaN(cpuMs) ? null : Math.round((cpuMs / requests) * 1000) / 1000;
}
