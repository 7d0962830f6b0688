// The system under test as processes that can be killed: what `npm start` runs, alone, or a keeper in front of LocalStack,
// with `npm start` beside them where images are sent.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cutPower } from '../faults/cut-power.ts';
import { createDiskLayer, type DiskFault, type DiskLayer } from '../faults/disk-layer.ts';
import { createChild, type HangingPart, type Part } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { createLocalStack } from '../support/localstack.ts';
import type { Target } from './fault-plan.ts';
import type { CrashOptions } from './options.ts';

export interface System {
  readonly apiUrl: string;
  readonly s3Url: string;
  /** For commands that talk to this system. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts what is not running, in order; resolves when a client can be served, or at the next kill. @throws when a part ends by itself */
  start(): Promise<void>;
  /** Only LocalStack, where it is a part of its own. */
  startLocalStack(): Promise<void>;
  /** SIGKILL to those parts at once. */
  kill(target: Target): Promise<void>;
  /** Whether the keeper's disk can be made to fail, and its power be cut. */
  readonly hasLayer: boolean;
  /** Leaves of the keeper's folder what a power cut does; all must be dead. */
  cutPower(seed: number): void;
  /** From now on; undefined: never again. */
  failDisk(fault: DiskFault | undefined): void;
  /** SIGTERM; the exit code of each part. */
  terminate(target: Target): Promise<ExitCodes>;
  /** SIGSTOP. */
  hang(target: Target): Promise<void>;
  /** SIGCONT. */
  resume(target: Target): Promise<void>;
  /** Ends all in an orderly way; the exit code of each part that had to stop by itself. */
  stop(): Promise<ExitCodes>;
  /** Kills what still runs and removes what it ran in. */
  remove(): Promise<void>;
}

type ExitCodes = Readonly<Record<string, number | null>>;

export async function createSystem(folder: string, options: CrashOptions): Promise<System> {
  const [apiPort, s3Port, emulatorPort] = [await freePort(), await freePort(), await freePort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const s3Url = `http://127.0.0.1:${s3Port}`;
  const isSeparate = options.upstream === 'localstack';
  const env: NodeJS.ProcessEnv = {
    ...withoutOurSettings(process.env),
    PORT: String(apiPort),
    S3_PORT: String(s3Port),
    KEEPSAKE_DATA: path.join(folder, 'data'),
    // Bounds the store, and has old versions dropped while everything is killed.
    KEEPER_RETENTION: '20s',
    KEEPER_RETENTION_SIZE: '64MiB',
    ...(isSeparate && { AWS_S3_ENDPOINT_URL: s3Url }),
  };
  const app = createChild({
    name: 'npm start',
    script: 'src/embedded/main.ts',
    env,
    logFile: path.join(folder, 'start.log'),
    isReady: () => answersOk(`${apiUrl}/readyz`),
  });
  const keeperFolder = path.join(folder, 'keeper');
  const layer =
    isSeparate && options.hasDiskFaults ? await layerUnder(keeperFolder, path.join(folder, 'disk')) : undefined;
  const keeper = createChild({
    name: 'keeper',
    script: 'src/cli/main.ts',
    args: ['keeper', 'run'],
    env: {
      ...env,
      ...layer?.env,
      KEEPER_DATA: keeperFolder,
      KEEPER_UPSTREAM_URL: `http://127.0.0.1:${emulatorPort}`,
    },
    logFile: path.join(folder, 'keeper.log'),
    isReady: () => answersOk(`${s3Url}/_keeper/readyz`),
  });
  const localstack = createLocalStack(emulatorPort, { command: options.localstackCommand });
  const parts = isSeparate ? [localstack, keeper, ...(options.images > 0 ? [app] : [])] : [app];
  const targets: Readonly<Record<Target, readonly HangingPart[]>> = {
    group: parts,
    keeper: [keeper],
    localstack: [localstack],
    both: [keeper, localstack],
  };
  const stopAll = async (some: readonly Part[]): Promise<ExitCodes> => {
    const codes: Record<string, number | null> = {};
    for (const part of some.toReversed()) codes[part.name] = await part.stop();
    return codes;
  };
  let kills = 0;
  return {
    apiUrl,
    s3Url,
    env,
    async start() {
      const killsBefore = kills;
      const isGivenUp = () => kills !== killsBefore;
      for (const part of parts) if (!isGivenUp()) await part.start(isGivenUp);
    },
    hasLayer: layer !== undefined,
    cutPower(seed) {
      if (layer) cutPower(layer.journal, keeperFolder, seed);
    },
    failDisk(fault) {
      if (fault === undefined) layer?.heal();
      else layer?.inject(fault);
    },
    startLocalStack: () => localstack.start(),
    async kill(target) {
      kills += 1;
      await Promise.all(targets[target].map((part) => part.kill()));
    },
    terminate: (target) => stopAll(targets[target]),
    hang: async (target) => void (await Promise.all(targets[target].map((part) => part.hang()))),
    resume: async (target) => void (await Promise.all(targets[target].map((part) => part.resume()))),
    stop: () => stopAll(parts),
    async remove() {
      await Promise.all(parts.map((part) => (part === localstack ? part.stop() : part.kill())));
    },
  };
}

/** Undefined where the layer can't be built: without Linux, or a C compiler. */
async function layerUnder(watched: string, place: string): Promise<DiskLayer | undefined> {
  await mkdir(watched, { recursive: true });
  return createDiskLayer({ watched, place }).catch(() => undefined);
}

async function answersOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await answer.body?.cancel();
  return answer.ok;
}

/** Settings in the user's shell that name another system must not reach this one. */
function withoutOurSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(AWS_|KEEPER_|KEEPSAKE_DATA|INTEGRITY_|DATABASE_URL|USE_LOCALSTACK|UPLOAD_|REPORT_TARGET)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}
