// The whole system in one process: Postgres, S3 behind the keeper, the API with the page, the reconciler on a timer.
// Started parts are stopped in the reverse order, also when the start fails half-way.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readJoinedConfig, startJoinedApi } from '../composition/index.ts';
import { type RunningKeeper, readKeeperConfig, startKeeper } from '../keeper/index.ts';
import { type Environment, readTogether } from '../shared/config.ts';
import type { KeeperStatus } from '../shared/keeper-api.ts';
import { type Logger, silentLogger } from '../shared/logger.ts';
import { createPool, migrate, type Pool } from '../shared/postgres.ts';
import type { IntegrityReport } from '../shared/report.ts';
import { type Bucket, createS3Client } from '../shared/s3/client.ts';
import { ensureBucket } from '../shared/s3/ensure-bucket.ts';
import { readS3Config, type S3Config } from '../shared/s3/settings.ts';
import { type EmbeddedConfig, readEmbeddedConfig } from './config.ts';
import { type DataFolder, type FolderLayout, openDataFolder } from './data-folder.ts';
import { startEmulator } from './emulator/index.ts';
import { startIntegrityTimer } from './integrity-timer.ts';
import { createLogs } from './logs.ts';
import { assertPortFree } from './port-check.ts';
import { startPostgres } from './postgres/server.ts';
import { type RunFile, writeRunFile } from './run-file.ts';
import { buildWeb, type WebBuild, webFolder } from './web-build.ts';

export interface EmbeddedOptions {
  /** Gives the start up: it rejects, and what was started is stopped. */
  readonly signal?: AbortSignal;
  /** Told while objects are being restored, now and then. */
  readonly onRestoring?: (restore: KeeperStatus['restore']) => void;
  /** Told the first integrity report and each that differs from the one before. */
  readonly onReport?: (report: IntegrityReport) => void;
  /** Told when a part is lost for good; the caller should close. */
  readonly onLost?: (error: Error) => void;
}

export interface RunningSystem {
  readonly run: RunFile;
  readonly folder: FolderLayout;
  readonly isNew: boolean;
  readonly web: WebBuild;
  /** The keeper's status at the end of the start; null when S3 is not embedded. */
  readonly keeper: KeeperStatus | null;
  /** Stops all, in order. Safe to call more than once. */
  close(): Promise<void>;
}

/** The settings of `npm start`, once those of all parts can be read. @throws KeepsakeError `InvalidSettings` with all faults */
export function readAllSettings(env: Environment): EmbeddedConfig {
  const brought = { DATABASE_URL: 'postgres://127.0.0.1/brought' }; // a wrong one of the user's own is told by the first reader
  const readKeeper = () => readKeeperConfig({ ...env, KEEPER_UPSTREAM_URL: '' }); // the emulator is brought, too
  const readParts = () => readJoinedConfig({ ...env, ...brought });
  return readTogether(env, [readEmbeddedConfig, readKeeper, readParts])[0];
}

/**
 * Starts everything; resolves when all of it is there.
 * @throws KeepsakeError `PortInUse`, `DataFolderLocked`, `DataFolderUnusable`, `DiskFull`, and what the parts throw
 */
export async function startEmbedded(config: EmbeddedConfig, options: EmbeddedOptions = {}): Promise<RunningSystem> {
  const stack = new AsyncDisposableStack();
  try {
    return await startAll(config, options, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startAll(
  config: EmbeddedConfig,
  options: EmbeddedOptions,
  stack: AsyncDisposableStack,
): Promise<RunningSystem> {
  const startedAt = new Date();
  const folder = openDataFolder(config.folder);
  stack.defer(() => folder.close());
  await assertPorts(config);
  const logs = createLogs(folder.layout.log, config.logLevel);
  const start: Start = { config, options, folder, logs, stack };
  const [databaseUrl, s3, web] = await allOrNothing([startDatabase(start), startS3(start), buildWeb()]);
  options.signal?.throwIfAborted();
  const env = partsEnvironment(config, folder, { databaseUrl, s3Url: s3.config.endpoint });
  const runs = new AbortController();
  const api = await startJoinedApi({
    ...connect(start, databaseUrl, s3.config),
    env,
    loggerOf: logs,
    webFolder,
    noUploadsBefore: startedAt, // the only API there is starts now
    signal: runs.signal,
  });
  stack.defer(() => api.close());
  const run: RunFile = {
    pid: process.pid,
    startedAt: startedAt.toISOString(),
    apiUrl: api.url,
    s3Url: s3.config.endpoint ?? null,
    emulatorUrl: s3.emulatorUrl,
    databaseUrl,
  };
  writeRunFile(folder.layout.runFile, run);
  stack.defer(() => rmSync(folder.layout.runFile, { force: true }));
  const { keeper } = s3;
  let timer: ReturnType<typeof startIntegrityTimer> | undefined;
  const startTimer = (): void => {
    if (runs.signal.aborted) return;
    timer = startIntegrityTimer({
      service: api.integrity,
      logger: logs('reconciler'),
      intervalMs: config.integrityIntervalMs,
      onChange: (report) => options.onReport?.(report),
    });
  };
  if (keeper === null || keeper.status().state === 'ready') startTimer();
  else keeper.ready().then(startTimer, () => {}); // until all is back a listing would be refused
  stack.defer(() => timer?.stop());
  stack.defer(() => runs.abort());
  return {
    run,
    folder: folder.layout,
    isNew: folder.isNew,
    web,
    keeper: keeper?.status() ?? null,
    close: () => stack.disposeAsync(),
  };
}

interface Start {
  readonly config: EmbeddedConfig;
  readonly options: EmbeddedOptions;
  readonly folder: DataFolder;
  readonly logs: (part: string) => Logger;
  readonly stack: AsyncDisposableStack;
}

async function assertPorts({ port, s3Port, isS3Embedded, env }: EmbeddedConfig): Promise<void> {
  await assertPortFree(port, 'PORT', env.HOST || '127.0.0.1');
  if (isS3Embedded) await assertPortFree(s3Port, 'S3_PORT', env.KEEPER_HOST || '127.0.0.1');
}

/** The URL of a Postgres that answers and has our schema. */
async function startDatabase({ config, options, folder, logs, stack }: Start): Promise<string> {
  const url = config.databaseUrl ?? (await startOwnPostgres());
  await migrate(url, silentLogger()); // errors are thrown
  return url;

  async function startOwnPostgres(): Promise<string> {
    const { layout } = folder;
    const postgres = await startPostgres({
      folder: layout.postgres,
      password: layout.password,
      logFile: layout.postgresLog,
      logger: logs('postgres'),
      stopping: options.signal,
      onLost: (error) => options.onLost?.(error),
    });
    stack.defer(() => postgres.stop());
    return postgres.url;
  }
}

interface StartedS3 {
  readonly config: S3Config;
  readonly keeper: RunningKeeper | null;
  readonly emulatorUrl: string | null;
}

/** An S3 that is whole and has our bucket. */
async function startS3(start: Start): Promise<StartedS3> {
  const { config } = start;
  const started = config.isS3Embedded
    ? await startOwnS3(start)
    : { config: config.s3, keeper: null, emulatorUrl: null };
  if (started.config.endpoint !== undefined) {
    const client = createS3Client(started.config);
    await ensureBucket({ client, name: config.s3.bucket }, config.s3.region).finally(() => client.destroy());
  }
  return started;
}

const restorePatienceMs = 3_000;

async function startOwnS3({ config, options, folder, logs, stack }: Start): Promise<StartedS3> {
  const emulator = await startEmulator(path.join(folder.layout.scratch, 's3'), logs('s3'));
  stack.defer(() => emulator.close());
  const keeperConfig = readKeeperConfig({
    KEEPER_DATA: folder.layout.keeper,
    ...config.env,
    S3_PORT: String(config.s3Port),
    KEEPER_UPSTREAM_URL: emulator.url,
  });
  const keeper = await startKeeper({ ...keeperConfig, session: emulator.session }, { logger: logs('keeper') });
  stack.defer(() => keeper.close());
  const watching = setInterval(() => {
    const failure = keeper.failure();
    if (failure === undefined) return;
    clearInterval(watching);
    options.onLost?.(failure); // only a new start helps
  }, 1_000);
  stack.defer(() => clearInterval(watching));
  const telling = setInterval(() => options.onRestoring?.(keeper.status().restore), 200);
  try {
    await Promise.race([keeper.open(), rejectedBy(options.signal)]);
    // A long restore goes on while all is served; a short one is waited for, so that the first listing is answered.
    await Promise.race([
      keeper.ready(),
      delay(restorePatienceMs, undefined, { ref: false }),
      rejectedBy(options.signal),
    ]);
  } finally {
    clearInterval(telling);
  }
  // A stranger's endpoint in the environment was refused above: S3 is embedded only when none is given.
  const s3 = readS3Config({ ...config.env, AWS_S3_ENDPOINT_URL: keeper.url });
  return { config: s3, keeper, emulatorUrl: emulator.url };
}

interface Connections {
  readonly pool: Pool;
  readonly bucket: Bucket;
}

function connect({ options, logs, stack }: Start, databaseUrl: string, s3: S3Config): Connections {
  const logger = logs('postgres');
  const pool = createPool(databaseUrl, { logger, max: 20 });
  stack.defer(() => pool.end());
  options.signal?.addEventListener('abort', () => {
    logger.level = 'silent'; // that connections are lost while Postgres stops is no news
  });
  const client = createS3Client(s3);
  stack.defer(() => client.destroy());
  return { pool, bucket: { client, name: s3.bucket } };
}

/** The environment of the parts: what was given, and where the embedded servers are. */
function partsEnvironment(
  { env }: EmbeddedConfig,
  { layout }: DataFolder,
  { databaseUrl, s3Url }: { readonly databaseUrl: string; readonly s3Url: string | undefined },
): Environment {
  return {
    ...env,
    KEEPSAKE_DATA: layout.root,
    DATABASE_URL: databaseUrl,
    ...(s3Url !== undefined && { AWS_S3_ENDPOINT_URL: s3Url }),
  };
}

/** Like Promise.all, but waits for all before it throws: then each has put what it started on the stack. */
async function allOrNothing<T extends readonly unknown[]>(
  work: {
    readonly [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as unknown as Promise<T>;
}

function rejectedBy(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
