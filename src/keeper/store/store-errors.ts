// Turns errors of the disk and of SQLite into errors of the catalogue, with their remedies.
import { KeepsakeError } from '../../shared/errors.ts';

// Primary result codes: https://www.sqlite.org/rescode.html. Extended ones carry them in their low byte.
const sqlite = {
  error: 1,
  corrupt: 11,
  full: 13,
  constraint: 19,
  mismatch: 20,
  misuse: 21,
  range: 25,
  notADatabase: 26,
};
/** An fsync of the database, or of its folder, failed. */
const failedSyncs: readonly unknown[] = [10 | (4 << 8), 10 | (5 << 8)];
const ours: readonly number[] = [sqlite.error, sqlite.constraint, sqlite.mismatch, sqlite.misuse, sqlite.range];

/** Any error met while using the store in `folder`. One that comes neither from the disk nor from SQLite is a bug: `Internal`. */
export function asStoreError(error: unknown, folder: string): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  const { code, errcode, message } = error as { code?: unknown; errcode?: unknown; message?: unknown };
  const reason = String(message ?? error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, error);
  if (isFailedSync(error)) return syncFailed(folder, error);
  if (typeof errcode === 'number') return fromSqlite(errcode & 0xff, { folder, reason, error });
  // A system error has an errno; ERR_… codes are Node's own, and bugs of ours.
  if (typeof code === 'string' && !code.startsWith('ERR_')) return folderUnusable(folder, reason, error);
  return new KeepsakeError('Internal', { what: "the keeper's store failed", got: reason }, error);
}

/**
 * Whether SQLite met a failed fsync. The kernel may have dropped the bytes that it could not write, and says so only
 * once. A later fsync that succeeds proves nothing, so this process may not acknowledge anything any more.
 */
export function isFailedSync(error: unknown): boolean {
  const met = error instanceof KeepsakeError ? error.cause : error;
  return failedSyncs.includes((met as { errcode?: unknown } | undefined)?.errcode);
}

/** The disk did not save what was written to it. */
export function syncFailed(folder: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderUnusable',
    {
      what: `the disk that holds ${folder} failed to save what was written`,
      got: cause instanceof Error ? cause.message : String(cause),
      remedy: 'Look after the disk, then start the keeper again: it takes no more writes until then.',
    },
    cause,
  );
}

interface Met {
  readonly folder: string;
  readonly reason: string;
  readonly error: unknown;
}

function fromSqlite(result: number, { folder, reason, error }: Met): KeepsakeError {
  if (result === sqlite.full) return diskFull(folder, error);
  if (result === sqlite.corrupt || result === sqlite.notADatabase) return storeDamaged(folder, reason, error);
  if (ours.includes(result)) {
    return new KeepsakeError('Internal', { what: "the keeper's store refused a statement", got: reason }, error);
  }
  return folderUnusable(folder, reason, error);
}

export function storeDamaged(folder: string, reason: string, cause?: unknown): KeepsakeError {
  return new KeepsakeError(
    'KeeperStoreDamaged',
    {
      what: `the keeper's store in ${folder} is damaged`,
      got: reason,
      remedy: 'Put the folder back from a backup, or move it away to begin with an empty store.',
    },
    cause,
  );
}

function diskFull(folder: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'DiskFull',
    {
      what: `the disk that holds ${folder} is full`,
      remedy: 'Make room on it; the keeper goes on by itself. KEEPER_RETENTION_SIZE bounds what is kept for undo.',
    },
    cause,
  );
}

function folderUnusable(folder: string, reason: string, cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderUnusable',
    {
      what: `the keeper can't use its folder ${folder}`,
      got: reason,
      remedy: 'Check that it exists on a working disk and that this user may write it, or set KEEPER_DATA to another.',
    },
    cause,
  );
}
