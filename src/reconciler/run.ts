// A run: what it may use, what it was asked for, and its ledger. Each step of a pass takes it first.
import { v7 as uuidv7 } from 'uuid';
import type { RunProgress, RunRequest } from '../shared/integrity-service.ts';
import type { KeeperClient } from '../shared/keeper-api.ts';
import type { Logger } from '../shared/logger.ts';
import type { Pool } from '../shared/postgres.ts';
import type { Bucket } from '../shared/s3/client.ts';
import type { JudgeOptions } from './compare/judge.ts';
import type { ReconcilerConfig, RemovalLimits } from './config.ts';
import { Ledger } from './ledger.ts';
import type { ReportPublisher } from './publish/report-publisher.ts';

export interface ReconcilerDeps {
  readonly config: ReconcilerConfig;
  readonly pool: Pool;
  readonly bucket: Bucket;
  /** Null when S3 is AWS: then only the quarantine can bring bytes back. */
  readonly keeper: KeeperClient | null;
  readonly logger: Logger;
  /** Where reports are shown beside Postgres. Null: nowhere. */
  readonly publisher: ReportPublisher | null;
  readonly clock?: () => Date;
}

/** The rights and the depth of one run. The settings fill in the rest. */
export interface RunOptions extends RunRequest {
  readonly runId?: string;
  readonly graceMs?: number;
  readonly limits?: RemovalLimits;
  /** Read every object and compare its SHA-256. Without it a run compares presence and size. @default false */
  readonly isDeep?: boolean;
  /** Uploads begun before it have no process any more (the API started later), so they need no grace. */
  readonly noUploadsBefore?: Date;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called once the run holds the lock. */
  readonly onStarted?: () => void;
}

export interface Run extends ReconcilerDeps {
  readonly runId: string;
  readonly startedAt: Date;
  readonly clock: () => Date;
  readonly options: RunOptions;
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** Grows with each step; the report is made of it, also when a step fails. */
  readonly ledger: Ledger;
}

export function newRun(deps: ReconcilerDeps, options: RunOptions): Run {
  const clock = deps.clock ?? (() => new Date());
  return {
    ...deps,
    runId: options.runId ?? uuidv7(),
    startedAt: clock(),
    clock,
    options,
    graceMs: options.graceMs ?? deps.config.graceMs,
    signal: options.signal ?? new AbortController().signal,
    ledger: new Ledger(),
  };
}

export function judgeOptionsOf({ startedAt, graceMs, config, options }: Run): JudgeOptions {
  return {
    now: startedAt,
    graceMs,
    uploadGraceMs: config.uploadGraceMs,
    noUploadsBefore: options.noUploadsBefore ?? null,
  };
}

/** Tells whoever follows the run how far it is. `done` is, by default, all that was read. */
export function tellProgress(
  { runId, ledger, options }: Run,
  phase: 'observe' | 'act' | 'report',
  counted?: { readonly done: number; readonly total: number },
): void {
  const { objectsRead, rowsRead } = ledger.sides;
  const { done, total } = counted ?? { done: objectsRead + rowsRead, total: null };
  options.onProgress?.({ kind: 'progress', runId, phase, done, total });
}
