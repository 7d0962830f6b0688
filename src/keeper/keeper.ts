// Puts a keeper together and runs it: store, gate, proxy, the API of its own, and an end that loses nothing.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeepsakeError } from '../shared/errors.ts';
import type { KeeperStatus } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import { serveApi } from './api/api.ts';
import { createMetrics, type KeeperMetrics } from './api/metrics.ts';
import { readStatus } from './api/status.ts';
import { defaultMinFreeBytes, type KeeperConfig } from './config.ts';
import { watchRequests } from './ending.ts';
import { recover } from './fill/recover.ts';
import type { KeeperParts } from './parts.ts';
import { serveS3 } from './proxy/s3-proxy.ts';
import { HeadCache } from './replay/head-cache.ts';
import { HeadTrust } from './replay/head-first.ts';
import { hasBucketInHost } from './s3/target.ts';
import { DiskGuard } from './store/disk-guard.ts';
import { startHousekeeping } from './store/housekeeping.ts';
import { openStore, type Store } from './store/index.ts';
import { Doubts } from './turn/doubts.ts';
import { Locks } from './turn/locks.ts';
import { noFill } from './turn/progress.ts';
import { Wholeness } from './turn/wholeness.ts';
import { createEmulatorClient, type EmulatorClient } from './upstream/client.ts';
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

// Calls of our own: a PUT of a large object may take an emulator long; a session is told at once.
const callTimeoutMs = 120_000;
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
  const gate = new Gate({
    source,
    recover: (session, options) => {
      const { hasSubResources } = session;
      const client = createEmulatorClient(upstream, { timeoutMs: callTimeoutMs, hasSubResources });
      return recover(keeper, session, { ...options, client });
    },
    cutConnections: () => upstream.agent.destroy(),
    probeMs: config.probeMs ?? 1_000,
    logger,
  });
  const clientFor = (epoch: number): EmulatorClient =>
    createEmulatorClient(upstream, {
      timeoutMs: callTimeoutMs,
      hasSubResources: gate.session?.hasSubResources ?? false,
      believe: async (response) => gate.believe(response, epoch),
    });
  const locks = new Locks();
  const keeper: KeeperParts = {
    store,
    upstream,
    gate,
    logger,
    locks,
    doubts: new Doubts(),
    heads: new HeadCache(),
    headTrust: new HeadTrust(),
    disk,
    knownBuckets: new Set(),
    healing: new Set(),
    wholeness: new Wholeness({ store, gate, locks, logger, progress, clientFor }),
    progress,
    clientFor,
  };
  const status = (): KeeperStatus => readStatus(keeper, config, progress);
  const server = createServer((req, res) => {
    metrics.count(req, res);
    if (/^\/_keeper(?:[/?]|$)/.test(req.url ?? '') && !hasBucketInHost(req.headers.host ?? ''))
      return void serveApi({ keeper, status, metrics }, req, res);
    void serveS3(keeper, req, res);
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
