// A keeper process on a disk of its own before an emulator of its own, and clients that write while one of them breaks.
import { rmSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { EmulatorKind, TestEmulator } from '../support/emulator.ts';
import { freePort } from '../support/free-port.ts';
import { type KeeperProcess, startKeeperProcess } from './keeper-process.ts';

export const bucket = 'faults';

export interface FaultyWorld {
  readonly emulator: TestEmulator;
  /** The parent of the keeper's folder. */
  readonly disk: string;
  /** The keeper's folder. */
  readonly store: string;
  keeper: KeeperProcess;
  /** Starts a keeper on the same folder and port, ready or not. */
  startKeeper(env?: NodeJS.ProcessEnv): Promise<KeeperProcess>;
  put(key: string, body: string | Uint8Array): Promise<Response>;
  /** Status and body. */
  get(key: string): Promise<string>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly kind: EmulatorKind;
  readonly disk?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** All of it running, with an empty bucket. The caller stops it. */
export async function createFaultyWorld({ kind, disk, env = {} }: WorldOptions): Promise<FaultyWorld> {
  const top = await realpath(await mkdtemp(path.join(os.tmpdir(), 'keepsake-faults-')));
  const emulator = await kind.create(top);
  await emulator.start();
  const port = await freePort();
  const store = path.join(disk ?? top, 'store');
  const urlOf = (key: string) => `http://127.0.0.1:${port}/${bucket}/${key}`;
  const startKeeper = (more: NodeJS.ProcessEnv = env) =>
    startKeeperProcess({
      upstreamUrl: emulator.url,
      folder: store,
      logFile: path.join(top, 'keeper.log'),
      port,
      env: { KEEPER_MIN_FREE: '0', ...more },
    });
  const world: FaultyWorld = {
    emulator,
    disk: disk ?? top,
    store,
    keeper: await startKeeper(),
    async startKeeper(more) {
      world.keeper = await startKeeper(more);
      return world.keeper;
    },
    put: (key, body) => fetch(urlOf(key), { method: 'PUT', body: body as BodyInit }),
    async get(key) {
      const answer = await fetch(urlOf(key));
      return `${answer.status} ${await answer.text()}`;
    },
    async stop() {
      await world.keeper.end('SIGKILL');
      await emulator.resume().catch(() => {}); // unless it hangs there is nothing to resume
      await emulator.stop();
      rmSync(top, { recursive: true, force: true });
    },
  };
  await world.keeper.ready();
  await fetch(`http://127.0.0.1:${port}/${bucket}`, { method: 'PUT' });
  return world;
}

export interface Writers {
  /** How many writes were acknowledged. */
  acknowledged(): number;
  /** How the others were answered: status and S3's code; `no answer` for those that were cut off. */
  refusals(): ReadonlySet<string>;
  /** Ends the writing; resolves when all have their answers. */
  end(): Promise<void>;
  /** Reads every key, and tells those that hold what they can't. */
  wrong(): Promise<readonly string[]>;
}

/** Clients that put small and large objects, each on keys of its own, until they are ended. */
export function startWriters({ put, get }: FaultyWorld, name: string, clients = 6): Writers {
  const possible = new Map<string, Set<string>>();
  const refusals = new Set<string>();
  let isOver = false;
  let acknowledged = 0;
  const write = async (client: number): Promise<void> => {
    for (let turn = 0; !isOver; turn++) {
      const key = `${name}/${client}/${turn % 5}`;
      const body = `${turn} `.repeat(turn % 4 === 3 ? 30_000 : 20);
      const states = possible.get(key) ?? new Set(['404']);
      possible.set(key, states.add(body));
      const refusal = await put(key, body).then(refusalOf, () => 'no answer');
      if (refusal === undefined) {
        acknowledged += 1;
        possible.set(key, new Set([body]));
      } else {
        refusals.add(refusal);
        await new Promise(setImmediate);
      }
    }
  };
  const all = Promise.all(Array.from({ length: clients }, (_, client) => write(client)));
  return {
    acknowledged: () => acknowledged,
    refusals: () => refusals,
    async end() {
      isOver = true;
      await all;
    },
    async wrong() {
      const found: string[] = [];
      for (const [key, states] of possible) {
        const answer = await get(key);
        const state = answer.startsWith('404') ? '404' : answer.replace(/^200 /, '');
        if (!states.has(state)) found.push(`${key}: ${answer.slice(0, 40)}`);
      }
      return found;
    },
  };
}

async function refusalOf(answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  return answer.status === 200 ? undefined : `${answer.status} ${/<Code>(\w+)/.exec(text)?.[1]}`;
}
