// A keeper in front of an emulator, for tests, with an S3 client that never retries: each answer is seen.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { KeeperConfig } from '../../src/keeper/config.ts';
import { type RunningKeeper, startKeeper } from '../../src/keeper/index.ts';
import { createLogger, silentLogger } from '../../src/shared/logger.ts';
import type { EmulatorKind, TestEmulator } from './emulator.ts';
import { waitFor } from './wait-for.ts';

export interface KeeperWorld {
  readonly emulator: TestEmulator;
  readonly folder: string;
  keeper: RunningKeeper;
  client: S3Client;
  /** Closes the keeper and starts another on the same store. */
  restartKeeper(): Promise<void>;
  /** SIGKILL to the emulator, a new one at the same address, and the keeper whole again. */
  restartEmulator(): Promise<void>;
  stop(): Promise<void>;
}

/** An emulator and a keeper in front of it, both fresh. The caller stops it. */
export async function createKeeperWorld(
  kind: EmulatorKind,
  options: Pick<KeeperConfig, 'silentMs'> = {},
): Promise<KeeperWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-keeper-'));
  const emulator = await kind.create(folder);
  await emulator.start();
  const start = async () => {
    const keeper = await startKeeper(
      {
        port: 0,
        host: '127.0.0.1',
        upstreamUrl: emulator.url,
        folder: path.join(folder, 'store'),
        retentionMs: 86_400_000,
        retentionBytes: 1024 ** 3,
        probeMs: 100,
        ...options,
      },
      { logger: process.env.KEEPER_LOG ? createLogger('keeper', 'debug') : silentLogger() },
    );
    await keeper.ready();
    return keeper;
  };
  const keeper = await start();
  const world: KeeperWorld = {
    emulator,
    folder,
    keeper,
    client: clientFor(keeper.url),
    async restartKeeper() {
      world.client.destroy();
      await world.keeper.close();
      world.keeper = await start();
      world.client = clientFor(world.keeper.url);
    },
    async restartEmulator() {
      const { session } = world.keeper.status();
      await emulator.kill();
      await emulator.start();
      await untilNewSession(world, session);
    },
    async stop() {
      world.client.destroy();
      await world.keeper.close();
      await emulator.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

async function untilNewSession({ keeper }: KeeperWorld, session: string | null): Promise<void> {
  // Nobody sends anything meanwhile: the keeper must notice by itself.
  await waitFor('the keeper to fill the new emulator', () => {
    const status = keeper.status();
    return status.state === 'ready' && status.session !== session;
  });
}

export function clientFor(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
