// The keeper's own HTTP API under /_keeper/ (no bucket can have that name) and a client for it.
import { KeepsakeError, reasonOf } from './errors.ts';

export type KeeperState = 'starting' | 'restoring' | 'ready' | 'upstream-down';

/** `GET /_keeper/status`. Times are ISO 8601, sizes bytes. */
export interface KeeperStatus {
  readonly version: string;
  readonly state: KeeperState;
  /** Identity of the store, made once with it: another one means another (perhaps empty) volume. */
  readonly storeId: string;
  readonly storeCreatedAt: string;
  /** The emulator's session as the keeper knows it; null while it is down. */
  readonly session: string | null;
  readonly upstream: string;
  readonly restore: {
    readonly objectsDone: number;
    readonly objectsTotal: number;
    readonly bytesDone: number;
    readonly bytesTotal: number;
    /** About how long it still takes; null while nothing is restored, or nobody can tell. */
    readonly secondsLeft: number | null;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
  };
  readonly counts: {
    readonly buckets: number;
    readonly objects: number;
    readonly bytes: number;
    readonly retired: number;
    readonly retiredBytes: number;
  };
  /** Changes that clients wait for: at the emulator or on their way to disk, and of them those at the disk. */
  readonly lag: {
    readonly changes: number;
    readonly oldestChangeMs: number;
    readonly commits: number;
    readonly oldestCommitMs: number;
  };
  /** The disk that holds the store, in bytes; null when it can't be asked. `isLow`: what needs space is refused. */
  readonly disk: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    readonly minFreeBytes: number;
    readonly isLow: boolean;
  } | null;
  /** Entries set aside because they are damaged (P3). */
  readonly damaged: readonly { readonly bucket: string; readonly key: string; readonly reason: string }[];
}

/** One kept version of a key. `current` is what S3 serves; the others can be restored until `expiresAt` (P5). */
export interface KeptVersion {
  readonly versionId: string;
  readonly bucket: string;
  readonly key: string;
  readonly state: 'current' | 'overwritten' | 'deleted';
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly contentType: string;
  /** User metadata, names without `x-amz-meta-`, lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly savedAt: string;
  readonly retiredAt: string | null;
  readonly expiresAt: string | null;
}

/** `POST /_keeper/restore`, JSON. Without `versionId`: the current version, else the newest retired one. */
export interface RestoreRequest {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

export interface KeeperClient {
  /** The keeper's status, or undefined when what answers at the endpoint is no keeper (AWS, a bare emulator). @throws KeepsakeError `KeeperUnreachable` */
  status(): Promise<KeeperStatus | undefined>;
  /** All kept versions of one key, newest first. @throws KeepsakeError `KeeperUnreachable` */
  versions(bucket: string, key: string): Promise<readonly KeptVersion[]>;
  /** Puts a version back, in the store and the emulator, durable when it returns. @throws KeepsakeError `VersionNotFound`, `KeeperUnreachable` */
  restore(request: RestoreRequest): Promise<KeptVersion>;
}

/** A client for the keeper in front of `endpoint`, the same URL that S3 clients use. */
export function createKeeperClient(endpoint: string, fetchImpl: typeof fetch = fetch): KeeperClient {
  const call = (path: string, init: RequestInit = {}) =>
    fetchImpl(`${endpoint}/_keeper/${path}`, { ...init, signal: AbortSignal.timeout(60_000) }).catch(
      (error: unknown) => {
        throw new KeepsakeError(
          'KeeperUnreachable',
          {
            what: "the keeper can't be reached",
            got: reasonOf(error),
            remedy: 'Check that it runs where AWS_S3_ENDPOINT_URL says (npm run doctor).',
          },
          error,
        );
      },
    );
  return {
    async status() {
      const response = await call('status');
      const isKeeper = response.headers.get('x-keepsake-keeper') !== null;
      if (!isKeeper) await response.body?.cancel();
      return isKeeper ? ((await readJson(response)) as KeeperStatus) : undefined;
    },
    async versions(bucket, key) {
      const page = (await readJson(await call(`versions?${new URLSearchParams({ bucket, key })}`))) as {
        results: KeptVersion[];
      };
      return page.results;
    },
    async restore(request) {
      return (await readJson(
        await call('restore', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
        }),
      )) as KeptVersion;
    },
  };
}

async function readJson(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  const text = await response.text();
  if (response.status === 404)
    throw new KeepsakeError('VersionNotFound', {
      what: 'the keeper holds no such version',
      got: text.slice(0, 300),
      remedy: 'List what it holds: keepsake keeper versions <key>.',
    });
  throw new KeepsakeError('KeeperUnreachable', {
    what: 'the keeper refused the request',
    got: `${response.status} ${text.slice(0, 300)}`,
    remedy: 'See its log and /_keeper/status.',
  });
}
