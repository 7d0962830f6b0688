// How an emulator tells that it is another process than before. LocalStack says it; for any other one a hidden bucket
// with a random name stands for the session: it goes when the emulator forgets. One that keeps its data may bring the
// bucket back without the last writes, so a sentinel holds only while nobody saw the emulator gone, nor the machine.
import { randomBytes } from 'node:crypto';
import { KeepsakeError } from '../../shared/errors.ts';
import type { HostStyle } from '../s3/target.ts';
import { pathOf } from '../s3/target.ts';
import type { EmulatorClient } from './client.ts';
import { machineStart } from './machine-start.ts';

/** Names of sentinel buckets; the keeper hides them from clients and from itself. */
export const sentinelPrefix = 'keepsake-session-';

/** The kind of the emulator, and its present session. */
export interface EmulatorSession {
  readonly id: string;
  readonly hostStyle: HostStyle;
  /** Whether it knows sub-resources (?tagging, ?cors…): one that does not would take `PUT ?tagging` for a PUT of the object. */
  readonly hasSubResources: boolean;
}

export interface SessionSource {
  /** The session as the emulator tells it now. `isReborn`: it was gone in between, so a sentinel proves nothing. @throws when it can't be told */
  read(isReborn: boolean): Promise<EmulatorSession>;
}

/**
 * A source that finds out by itself, unless whoever runs the emulator gives the session.
 * `lastKnown`: the session the store remembers, to recognise a sentinel of an earlier keeper process.
 */
export function createSessionSource(
  { call }: EmulatorClient,
  options: {
    readonly given?: (() => string | Promise<string>) | undefined;
    readonly lastKnown: string | null;
    /** @default that of this machine */
    readonly machineStart?: string;
  },
): SessionSource {
  const { lastKnown, machineStart: start = machineStart() } = options;
  let sentinel = lastKnown?.startsWith(sentinelPrefix) ? lastKnown.split(' ', 1)[0] : undefined;
  let kind: 'localstack' | 'fauxqs' | 'other' | undefined;

  const readSentinel = async (isReborn: boolean): Promise<string> => {
    if (sentinel !== undefined && !isReborn) {
      const { status } = await call('HEAD', pathOf(sentinel));
      if (status === 200) return sessionOf(sentinel);
      if (status !== 404) throw new Error(`the emulator answered ${status} when asked for its session`);
    }
    const fresh = sentinelPrefix + randomBytes(8).toString('hex');
    const { status } = await call('PUT', pathOf(fresh));
    if (status === 403) throw keeperRefused();
    if (status !== 200) throw new Error(`the emulator answered ${status} when its session was marked`);
    if (sentinel !== undefined) await call('DELETE', pathOf(sentinel)); // an emulator that kept it needs it no more
    sentinel = fresh;
    return sessionOf(fresh);
  };
  const sessionOf = (bucket: string): string => `${bucket} ${start}`.trim();

  return {
    async read(isReborn) {
      if (kind === undefined || isReborn) kind = await recognise(call);
      const id = options.given
        ? await options.given()
        : kind === 'localstack'
          ? await readLocalStack(call)
          : await readSentinel(isReborn);
      return {
        id,
        hostStyle: hostStyles[kind],
        hasSubResources: kind !== 'fauxqs',
      };
    },
  };
}

const hostStyles = { localstack: 'before-s3', fauxqs: 'first-label', other: 'path-only' } as const;

async function recognise(call: EmulatorClient['call']): Promise<'localstack' | 'fauxqs' | 'other'> {
  const info = await call('GET', '/_localstack/info');
  if (info.status === 200 && sessionIn(info.body) !== undefined) return 'localstack';
  if (info.status >= 500) throw new Error(`the emulator answered ${info.status} when asked what it is`);
  const queues = await call('GET', '/_fauxqs/queues');
  return queues.status === 200 && queues.body.toString().trimStart().startsWith('[') ? 'fauxqs' : 'other';
}

function keeperRefused(): KeepsakeError {
  return new KeepsakeError('S3AccessDenied', {
    what: "the emulator refuses the keeper's own calls",
    expected: 'one that verifies no signatures',
    got: '403',
    remedy: 'Switch its checks of signatures and access off, or use another emulator.',
  });
}

async function readLocalStack(call: EmulatorClient['call']): Promise<string> {
  const { status, body } = await call('GET', '/_localstack/info');
  const id = status === 200 ? sessionIn(body) : undefined;
  if (id === undefined) throw new Error(`LocalStack answered ${status} and no session_id to /_localstack/info`);
  return id;
}

function sessionIn(body: Buffer): string | undefined {
  try {
    const info = JSON.parse(body.toString()) as { session_id?: unknown } | null;
    return typeof info?.session_id === 'string' && info.session_id !== '' ? info.session_id : undefined;
  } catch {
    return undefined; // no JSON: no LocalStack
  }
}
