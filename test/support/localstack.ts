// LocalStack 4.14.0 that can be killed and started again at the same address: a container, or a command of the user's.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import type { StartedLocalStackContainer } from '@testcontainers/localstack';
import { onOneProcessor } from '../../charts/one-processor.ts';
import { KeepsakeError, reasonOf } from '../../src/shared/errors.ts';
import type { HangingPart } from './child.ts';
import { waitFor } from './wait-for.ts';

/** The last LocalStack that starts without a token. */
const image = 'localstack/localstack:4.14.0';

interface Engine {
  start(): Promise<unknown>;
  kill(): Promise<unknown>;
  hang(): Promise<unknown>;
  resume(): Promise<unknown>;
  remove(): Promise<unknown>;
}

/** On how many LocalStack runs. `one`: as in Keepsake's cluster (docs/decisions/0016). */
export type Processors = 'one' | 'all';

export interface LocalStackOptions {
  /** `command start PORT` and `command kill PORT` run it; else it is in a container. */
  readonly command?: string | undefined;
  /** @default 'all' */
  readonly processors?: Processors;
}

export function createLocalStack(port: number, { command, processors = 'all' }: LocalStackOptions = {}): HangingPart {
  const prefix = processors === 'one' ? onOneProcessor : [];
  const engine = command === undefined ? containerEngine(port, prefix) : commandEngine(port, command, prefix);
  let isRunning = false;
  let starting: Promise<unknown> = Promise.resolve();
  return {
    name: 'LocalStack',
    async start() {
      if (isRunning) return;
      isRunning = true;
      starting = engine.start();
      await starting;
      await waitFor('LocalStack to be healthy', async () => !isRunning || (await isHealthy(port)), {
        timeoutMs: 120_000,
      });
    },
    async kill() {
      if (!isRunning) return;
      isRunning = false;
      await starting; // an engine takes one order at a time
      await engine.kill();
    },
    hang: async () => void (isRunning && (await engine.hang())),
    resume: async () => void (isRunning && (await engine.resume())),
    async stop() {
      isRunning = false;
      await engine.remove();
      return null;
    },
  };
}

// The port of the host is fixed when the container is made: started again it keeps it, and clients find it there.
function containerEngine(port: number, prefix: readonly string[]): Engine {
  let container: StartedLocalStackContainer | undefined;
  // testcontainers takes a second to load: only where it is used.
  const inEngine = async (id: string) => {
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).container.getById(id);
  };
  return {
    async start() {
      if (container) return (await inEngine(container.getId())).start();
      const { LocalstackContainer } = await import('@testcontainers/localstack');
      container = await new LocalstackContainer(image)
        .withEnvironment({ SERVICES: 's3', EAGER_SERVICE_LOADING: '1' })
        .withExposedPorts({ container: 4566, host: port })
        .withEntrypoint([...prefix, 'docker-entrypoint.sh'])
        .start()
        .catch((error: unknown) => {
          throw noContainer(error);
        });
      return container;
    },
    async kill() {
      if (!container) return;
      const running = await inEngine(container.getId());
      const ended = running.wait({ condition: 'not-running' });
      await running.kill({ signal: 'SIGKILL' });
      await ended;
    },
    // A frozen container is as hung as a stopped process.
    hang: async () => container && (await inEngine(container.getId())).pause(),
    resume: async () => container && (await inEngine(container.getId())).unpause(),
    async remove() {
      await container?.stop();
      container = undefined;
    },
  };
}

function commandEngine(port: number, command: string, prefix: readonly string[]): Engine {
  let hanging: number | undefined;
  let isStarted = false;
  const run = async (verb: 'start' | 'kill'): Promise<void> => {
    const words = [...command.split(' '), verb, String(port)];
    const [program = '', ...args] = verb === 'start' ? [...prefix, ...words] : words;
    await promisify(execFile)(program, args).catch((error: unknown) => {
      throw commandFailed(words.join(' '), error);
    });
  };
  return {
    async start() {
      await run('start');
      isStarted = true;
      if (prefix.length > 0) await confirmOneProcessor(port);
    },
    kill: () => run('kill'),
    async hang() {
      // Linux writes the list of sockets while they change: one may be missing from it.
      hanging = await waitFor(`the process that listens on port ${port}`, () => listenerOn(port));
      process.kill(hanging, 'SIGSTOP');
    },
    async resume() {
      if (hanging !== undefined) process.kill(hanging, 'SIGCONT');
      hanging = undefined;
    },
    // One that failed to start may be there all the same; if not, its start is what went wrong.
    remove: () =>
      run('kill').catch((error: unknown) => {
        if (isStarted) throw error;
      }),
  };
}

// A command that asks a daemon to start it does not hand its processor on.
async function confirmOneProcessor(port: number): Promise<void> {
  const pid = await waitFor(`the process that listens on port ${port}`, () => listenerOn(port));
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (allowed !== undefined && /^\d+$/.test(allowed)) return;
  throw new KeepsakeError('NotConfigured', {
    what: 'LocalStack is not on one processor',
    expected: 'a command that starts it as its child',
    got: `processors ${allowed ?? 'that are not told'}`,
    remedy: 'Bind it yourself, and add --localstack-processors all.',
  });
}

/** The process that listens on a port of this machine (Linux). */
function listenerOn(port: number): number | undefined {
  const listening = '0A';
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === listening && local.endsWith(`:${hexPort}`))
    .map((fields) => `socket:[${fields[9]}]`);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const owner = processes.find((pid) => openFiles(pid).some((file) => sockets.includes(file)));
  return owner === undefined ? undefined : Number(owner);
}

function openFiles(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it ended meanwhile, or belongs to somebody else
  }
}

async function isHealthy(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/_localstack/health`, { signal: AbortSignal.timeout(2_000) });
  const { services } = (await answer.json()) as { services?: { s3?: string } };
  return services?.s3 === 'running' || services?.s3 === 'available';
}

function noContainer(cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'NotConfigured',
    {
      what: `${image} can't be started in a container`,
      expected: 'a Docker engine that has or can get this image',
      got: reasonOf(cause),
      remedy: 'Start one (docker version tells), or name a LocalStack as --help says.',
    },
    cause,
  );
}

function commandFailed(command: string, error: unknown): KeepsakeError {
  const { code, stderr = '' } = error as { readonly code?: number | string; readonly stderr?: string };
  return new KeepsakeError('NotConfigured', {
    what: `"${command}" failed`,
    expected: 'a command that starts LocalStack at a port, or kills it',
    got: stderr.trim().split('\n').at(-1) || `exit code ${code}`,
    remedy: 'Try it by itself.',
  });
}
