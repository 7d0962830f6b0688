// Runs a batch of jobs as one transaction, so that they share one fsync. A job that is refused leaves no trace and does
// not touch its neighbours; when the disk refuses, no job of the batch happened.
import type { DatabaseSync } from 'node:sqlite';
import { assertNever, type ErrorCode, type KeepsakeError } from '../../shared/errors.ts';
import { applyChange } from './apply-change.ts';
import type { BatchOutcome, Job, JobFailure, JobOutcome, JobResult } from './jobs.ts';
import type { Prepare } from './prepared.ts';
import { asStoreError, isFailedSync } from './store-errors.ts';
import { dropVersion, type JobScope } from './version-table.ts';

const endsTransaction: readonly ErrorCode[] = ['DiskFull', 'DataFolderUnusable', 'KeeperStoreDamaged'];

/** Versions that one job drops at most: an expiry of many takes turns with commits. */
const expiryStep = 200;

/** Free pages that store.db keeps for the next bodies, and those that one job gives back to the disk: 16 MB. */
const keptFreePages = 4096;

export interface BatchContext {
  readonly database: DatabaseSync;
  readonly prepare: Prepare;
  readonly folder: string;
}

/** P1: when this returns, what it calls done is on disk. */
export function runBatch(context: BatchContext, jobs: readonly Job[]): BatchOutcome {
  const { database, prepare, folder } = context;
  try {
    database.exec('BEGIN IMMEDIATE');
    const outcomes = jobs.map((job) => runInSavepoint(context, job));
    const counted = prepare('UPDATE totals SET commits = commits + 1 RETURNING commits').get();
    database.exec('COMMIT');
    return { outcomes, commits: Number(counted?.commits), end: null };
  } catch (error) {
    const failed = asStoreError(error, folder);
    if (database.isTransaction) database.exec('ROLLBACK');
    // A damaged page spoils the transaction that met it, and no other: each job tries again by itself.
    if (failed.code === 'KeeperStoreDamaged' && jobs.length > 1) return runOneByOne(context, jobs);
    const failure = toFailure(failed);
    const outcomes = jobs.map((): JobOutcome => ({ kind: 'failed', failure }));
    return { outcomes, commits: null, end: isFailedSync(error) ? failure : null };
  }
}

function runOneByOne(context: BatchContext, jobs: readonly Job[]): BatchOutcome {
  const each = jobs.map((job) => runBatch(context, [job]));
  const commits = each.reduce<number | null>((last, one) => one.commits ?? last, null);
  const end = each.reduce<JobFailure | null>((first, one) => first ?? one.end, null);
  return { outcomes: each.flatMap(({ outcomes }) => outcomes), commits, end };
}

function runInSavepoint({ database, prepare, folder }: BatchContext, job: Job): JobOutcome {
  database.exec('SAVEPOINT job');
  try {
    const result = runJob(prepare, job);
    database.exec('RELEASE job');
    return { kind: 'done', result };
  } catch (thrown) {
    const error = asStoreError(thrown, folder);
    // The disk's faults end the transaction; whatever else it is concerns this job alone.
    if (endsTransaction.includes(error.code)) throw error;
    database.exec('ROLLBACK TO job; RELEASE job');
    return { kind: 'failed', failure: toFailure(error) };
  }
}

function runJob(prepare: Prepare, job: Job): JobResult {
  const unusedFiles: string[] = [];
  switch (job.kind) {
    case 'change':
      applyChange({ prepare, at: job.at, unusedFiles }, job.change);
      return { unusedFiles, droppedVersions: 0, droppedBytes: 0, isMore: false };
    case 'set-aside':
      prepare('UPDATE versions SET damage = ? WHERE id = ?').run(job.reason, job.versionId);
      return { unusedFiles, droppedVersions: 0, droppedBytes: 0, isMore: false };
    case 'expire':
      return expireSome({ prepare, at: job.now, unusedFiles }, job);
    default:
      return assertNever(job);
  }
}

// The oldest go first: those past their time, then, while the rest is over its bound in bytes, the next ones.
function expireSome(scope: JobScope, { retentionMs, retentionBytes }: Extract<Job, { kind: 'expire' }>): JobResult {
  const { prepare, at, unusedFiles } = scope;
  const oldest = prepare(
    'SELECT id, size, retired_at FROM versions WHERE retired_at IS NOT NULL ORDER BY retired_at, id LIMIT ?',
  ).all(expiryStep) as unknown as { id: number; size: number; retired_at: number }[];
  const retiredBytes = () => Number(prepare('SELECT retired_bytes FROM totals').get()?.retired_bytes);
  let [droppedVersions, droppedBytes] = [0, 0];
  for (const { id, size, retired_at } of oldest) {
    if (retired_at + retentionMs > at && retiredBytes() <= retentionBytes) break;
    dropVersion(scope, id);
    droppedVersions += 1;
    droppedBytes += size;
  }
  // Dropping needs hardly any room, giving back needs some for its log: on a full disk the one must not fail for the other.
  const isMore = droppedVersions > 0 || giveBackPages(prepare);
  return { unusedFiles, droppedVersions, droppedBytes, isMore };
}

// Pages that dropped bodies left go back to the disk, whoever dropped them; some stay, for the next bodies. False when
// there is nothing more to give.
function giveBackPages(prepare: Prepare): boolean {
  const freePages = () => Number(prepare('PRAGMA freelist_count').get()?.freelist_count);
  const before = freePages();
  if (before < 2 * keptFreePages) return false;
  prepare(`PRAGMA incremental_vacuum(${keptFreePages})`).all();
  return freePages() < before;
}

/** The error as a value for the other thread. */
export function toFailure(error: KeepsakeError): JobFailure {
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return { code: error.code, detail: error.detail, reason };
}
