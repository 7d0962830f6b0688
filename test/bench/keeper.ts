// npm run bench:keeper: what the keeper costs. PUTs and GETs go to the bare emulator and through the keeper in turn, round
// by round, so that what changes on the machine meanwhile meets both. The last line is JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import Table from 'cli-table3';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { type Bucket, createS3Client, listObjects, readS3Config } from '../../src/shared/s3.ts';
import { createChild } from '../support/child.ts';
import { freePort } from '../support/global-setup.ts';
import { type Loader, startLoader } from './loader.ts';
import type { LoadResult } from './s3-load.ts';
import { figuresOf, medianRatio } from './summary.ts';
import { createUpstream } from './upstream.ts';

const operations = ['put', 'get'] as const;
const sides = ['bare', 'keeper'] as const;
type Side = (typeof sides)[number];
type OfSides<T> = Readonly<Record<Side, T>>;
type Round = Readonly<Record<(typeof operations)[number], OfSides<LoadResult>>>;

const { values } = parseArgs({
  options: {
    /** `embedded`, `localstack` (in a container) or a URL. */
    upstream: { type: 'string', default: process.env.AWS_S3_ENDPOINT_URL ?? 'embedded' },
    clients: { type: 'string', default: '16' },
    size: { type: 'string', default: '4096' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
});
const [clients, sizeBytes, seconds] = [Number(values.clients), Number(values.size), Number(values.seconds)];

const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-bench-'));
const upstream = await createUpstream(values.upstream, folder);
const keeperPort = await freePort();
const urls: OfSides<string> = { bare: upstream.url, keeper: `http://127.0.0.1:${keeperPort}` };
const buckets: OfSides<Bucket> = { bare: bucketOf('bare'), keeper: bucketOf('keeper') };
const keeper = createChild({
  name: 'keeper',
  script: 'src/keeper/main.ts',
  env: {
    ...process.env,
    S3_PORT: String(keeperPort),
    KEEPER_DATA: path.join(folder, 'keeper'),
    KEEPER_UPSTREAM_URL: upstream.url,
  },
  logFile: path.join(folder, 'keeper.log'),
  isReady: async () => (await fetch(`${urls.keeper}/_keeper/readyz`)).ok,
});
const loader = startLoader();
try {
  await upstream.part?.start();
  await keeper.start();
  for (const { client, name } of Object.values(buckets)) await client.send(new CreateBucketCommand({ Bucket: name }));
  await measureRound(loader, { name: 'warm-up', order: sides, seconds: 1 });
  const rounds: Round[] = [];
  for (let number = 1; number <= Number(values.rounds); number++) {
    const order = number % 2 === 1 ? sides : sides.toReversed();
    rounds.push(await measureRound(loader, { name: `round-${number}`, order, seconds }));
    console.log(
      `round ${number} of ${values.rounds}: putRatio ${ratioOf(rounds.slice(-1), 'put')}, getRatio ${ratioOf(rounds.slice(-1), 'get')}`,
    );
  }
  report(rounds);
} catch (error) {
  if (!(error instanceof KeepsakeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
} finally {
  loader.close();
  if (!upstream.part) for (const bucket of Object.values(buckets)) await removeBucket(bucket);
  for (const { client } of Object.values(buckets)) client.destroy();
  await keeper.stop();
  await upstream.part?.stop();
  await rm(folder, { recursive: true, force: true });
}

function bucketOf(side: Side): Bucket {
  return {
    name: `bench-${side}-${process.pid}`,
    client: createS3Client(readS3Config({ AWS_S3_ENDPOINT_URL: urls[side] })),
  };
}

interface RoundPlan {
  readonly name: string;
  readonly order: readonly Side[];
  readonly seconds: number;
}

async function measureRound(loader: Loader, { name, order, seconds }: RoundPlan): Promise<Round> {
  const measure = async (operation: 'put' | 'get'): Promise<OfSides<LoadResult>> => {
    const results = new Map<Side, LoadResult>();
    for (const side of order) {
      const target = { url: urls[side], bucket: buckets[side].name, prefix: `${side}/${name}` };
      results.set(side, await loader.run({ ...target, operation, clients, seconds, sizeBytes }));
    }
    return Object.fromEntries(results) as OfSides<LoadResult>;
  };
  return { put: await measure('put'), get: await measure('get') };
}

function ratioOf(rounds: readonly Round[], operation: 'put' | 'get'): number {
  return medianRatio(rounds.map((round) => [round[operation].bare, round[operation].keeper]));
}

function report(rounds: readonly Round[]): void {
  const table = new Table({ head: ['', 'requests/s', 'p50 ms', 'p99 ms'], style: { head: [], border: [] } });
  const figures = sides.map(
    (side) =>
      [
        side,
        Object.fromEntries(
          operations.map((operation) => [operation, figuresOf(rounds.map((round) => round[operation][side]))]),
        ),
      ] as const,
  );
  for (const operation of operations)
    for (const side of sides) {
      const { rate, p50Ms, p99Ms } = figuresOf(rounds.map((round) => round[operation][side]));
      table.push([`${operation} ${side}`, rate, p50Ms, p99Ms]);
    }
  console.log(table.toString());
  console.log(
    JSON.stringify({
      upstream: upstream.name,
      clients,
      sizeBytes,
      rounds: rounds.length,
      ...Object.fromEntries(figures),
      putRatio: ratioOf(rounds, 'put'),
      getRatio: ratioOf(rounds, 'get'),
    }),
  );
}

/** What the bench wrote to an emulator that others use, too. */
async function removeBucket({ client, name }: Bucket): Promise<void> {
  let keys: string[] = [];
  const removeKeys = async () => {
    if (keys.length > 0)
      await client.send(
        new DeleteObjectsCommand({ Bucket: name, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      );
    keys = [];
  };
  for await (const { key } of listObjects({ client, name }, { prefix: '' })) {
    keys.push(key);
    if (keys.length === 1000) await removeKeys();
  }
  await removeKeys();
  await client.send(new DeleteBucketCommand({ Bucket: name }));
}
