// Puts a keeper together and runs it: store, gate, proxy, the API of its own, and an end that loses nothing.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeepsakeError } from '../shared/errors.ts';
import type { KeeperStatus } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import { serveApi } from './api/api.ts';
import { createMetrics, type KeeperMetrics } from './api/metrics.ts';
import { readStatus } from './api/status.ts';
import { createUndo } from './api/versions.ts';
import { defaultMinFreeBytes, type KeeperConfig } from './config.ts';
import { watchRequests } from './ending.ts';
import { recover } from './fill/recover.ts';
import { Reader } from './proxy/read.ts';
import { Repairs } from './proxy/repairs.ts';
import { serveS3 } from './proxy/s3-proxy.ts';
import { HeadCache } from './replay/head-cache.ts';
import { HeadFirst } from './replay/head-first.ts';
import { Replays } from './replay/replay.ts';
import { hasBucketInHost } from './s3/target.ts';
import { DiskGuard } from './store/disk-guard.ts';
import { startHousekeeping } from './store/housekeeping.ts';
import { openStore, type Store } from './store/index.ts';
import { Doubts } from './turn/doubts.ts';
import { KnownBuckets } from './turn/known-buckets.ts';
import { Locks } from './turn/locks.ts';
import { noFill } from './turn/progress.ts';
import { Settler } from './turn/settle.ts';
import { Turns } from './turn/turns.ts';
import { Wholeness } from './turn/wholeness.ts';
import { createEmulatorClient } from './upstream/client.ts';
import { createEmulator, recoveryClient } from './upstream/emulator.ts';
import { Gate } from './upstream/gate.ts';
import type { Upstream } from './upstream/send.ts';
import { createSessionSource } from './upstream/session-source.ts';

export interface RunningKeeper {
  /** Where S3 clients talk to it. */
  readonly url: string;
  readonly port: number;
  status(): KeeperStatus;
  /** Resolves when requests are answered, if need be by putting back what they ask for; rejects when the keeper is closed first. */
  open(): Promise<void>;
  /** Resolves when the emulator is whole; rejects when the keeper is closed first. */
  ready(): Promise<void>;
  /** Why its store can't write any more, until it is started again; undefined while all is well. */
  failure(): KeepsakeError | undefined;
  /** Takes no more requests, ends those in flight (within 10 s), closes the store. Safe to call again. */
  close(): Promise<void>;
}

// An emulator tells its session at once.
const sessionTimeoutMs = 10_000;

/**
 * Starts a keeper: resolves when it listens. Requests are answered 503 until the emulator is whole.
 * @throws KeepsakeError `PortInUse`, `DataFolderLocked`, `DataFolderUnusable`, `KeeperStoreTooNew`, `KeeperStoreDamaged`
 */
export async function startKeeper(
  config: KeeperConfig,
  { logger }: { readonly logger: Logger },
): Promise<RunningKeeper> {
  const metrics = createMetrics();
  const store = await openStore({ ...config, onCommit: metrics.commit });
  try {
    return await runKeeper(config, { store, metrics, logger });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function runKeeper(
  config: KeeperConfig,
  { store, metrics, logger }: { readonly store: Store; readonly metrics: KeeperMetrics; readonly logger: Logger },
): Promise<RunningKeeper> {
  const { silentMs = 4_000 } = config;
  const upstream = createUpstream(config.upstreamUrl, { maxSockets: Number.POSITIVE_INFINITY, silentMs });
  const probe = createUpstream(config.upstreamUrl, { maxSockets: 4, silentMs });
  const progress = noFill();
  const disk = new DiskGuard({
    folder: config.folder,
    minFreeBytes: config.minFreeBytes ?? defaultMinFreeBytes,
    heldForUndo: () => store.counts().retiredBytes,
    ...(config.readDiskSpace && { readSpace: config.readDiskSpace }),
  });
  const source = createSessionSource(
    createEmulatorClient(probe, { timeoutMs: config.probeTimeoutMs ?? sessionTimeoutMs, hasSubResources: false }),
    { given: config.session, lastKnown: store.session() },
  );
  const locks = new Locks();
  const doubts = new Doubts();
  const heads = new HeadCache();
  const onPutBack = (): void => heads.clear();
  const gate = new Gate({
    source,
    recover: (session, options) =>
      recover({ store, emulator, wholeness, progress, logger }, session, {
        ...options,
        client: recoveryClient(upstream, session.hasSubResources),
      }),
    cutConnections: () => upstream.agent.destroy(),
    probeMs: config.probeMs ?? 1_000,
    logger,
  });
  const emulator = createEmulator(upstream, gate);
  const wholeness = new Wholeness({ store, emulator, locks, logger, progress });
  const settler = new Settler({ store, emulator, logger, onPutBack });
  const knownBuckets = new KnownBuckets(store);
  const turns = new Turns({ store, emulator, locks, doubts, wholeness, knownBuckets, settler }, logger);
  const replays = new Replays({ store, gate, doubts, heads, logger });
  const headFirst = new HeadFirst(store, replays);
  const repairs = new Repairs({ store, emulator, locks, wholeness, progress, logger, onPutBack });
  const reader = new Reader({ store, emulator, doubts, locks, replays, headFirst, repairs, logger });
  const changes = { store, turns };
  const s3 = { emulator, changes, reader, wholeness, progress, disk, logger };
  const status = (): KeeperStatus => readStatus({ store, gate, disk, doubts, progress }, config.upstreamUrl);
  const api = { store, gate, undo: createUndo(changes, gate), logger, status, metrics };
  const server = createServer((req, res) => {
    metrics.count(req, res);
    if (/^\/_keeper(?:[/?]|$)/.test(req.url ?? '') && !hasBucketInHost(req.headers.host ?? ''))
      return void serveApi(api, req, res);
    void serveS3(s3, req, res);
  });
  await disk.start();
  const endRequests = watchRequests(server);
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  const stopHousekeeping = startHousekeeping({ store, disk, retentionBytes: config.retentionBytes, logger });
  gate.start();
  logger.info({ port, upstream: config.upstreamUrl, store: store.id }, 'the keeper listens');
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopHousekeeping();
    await endRequests();
    const closed = gate.close();
    probe.agent.destroy(); // a hung emulator is not waited for
    await closed;
    upstream.agent.destroy();
    await disk.stop();
    await store.close();
  };
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    status,
    open: () => gate.untilOpen(),
    ready: () => gate.untilWhole(),
    failure: () => store.failure(),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

// `maxSockets` bounds our own calls only. Each client has a connection: many that stall must not keep the next waiting (P4).
function createUpstream(
  url: string,
  { maxSockets, silentMs }: { readonly maxSockets: number; readonly silentMs: number },
): Upstream {
  const { hostname, port } = new URL(url);
  // A kept connection is dropped well before an emulator drops it: Twisted after 60 s, Node after 5 s by default.
  const agent = new http.Agent({
    keepAlive: true,
    maxSockets,
    maxFreeSockets: 256,
    timeout: 4_000,
    scheduling: 'lifo',
  });
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), agent, silentMs };
}

function createServer(serve: http.RequestListener): http.Server {
  const server = http.createServer({
    requestTimeout: 0, // a body of 5 GiB over a slow line takes as long as it takes
    headersTimeout: 60_000,
    keepAliveTimeout: 65_000,
    maxHeaderSize: 64 * 1024, // 2 KiB of user metadata, tags, and a presigned URL with all of them
  });
  server.timeout = 300_000; // nothing moved on a connection for that long: the client is gone
  server.on('request', serve);
  server.on('checkContinue', (req, res) => {
    res.writeContinue();
    serve(req, res);
  });
  return server;
}

function listen(server: http.Server, { port, host }: KeeperConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        new KeepsakeError(
          isTaken ? 'PortInUse' : 'InvalidSettings',
          {
            what: isTaken ? `port ${port} is taken` : `the keeper can't listen on ${host}:${port}`,
            got: error.message,
            remedy: isTaken
              ? 'End what listens there, or set S3_PORT to another port.'
              : 'Set KEEPER_HOST and S3_PORT to an address of this machine.',
          },
          error,
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}
