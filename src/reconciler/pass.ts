// The state of one pass, from its first look to its report. Its methods are called in this order: enter, settle,
// observe, act, finish; or failed, at any point. Memory is bounded by what one pass may plan, never by what it reads.
import { v7 as uuidv7 } from 'uuid';
import { KeepsakeError } from '../shared/errors.ts';
import { imagePrefix } from '../shared/image.ts';
import type { RunProgress } from '../shared/integrity-service.ts';
import type { Condition, IntegrityReport, RunMode } from '../shared/report.ts';
import { assertBucket } from '../shared/s3/client.ts';
import { listObjects } from '../shared/s3/listing.ts';
import { bringBackBucket, findFirstObject } from './act/bring-back-bucket.ts';
import { failuresAllowed, performAll } from './act/perform-all.ts';
import { settleOpenActions } from './act/settle.ts';
import { type JudgeOptions, judge } from './compare/judge.ts';
import { type Pair, pairUp } from './compare/pair-up.ts';
import { inBatches } from './in-flight.ts';
import { Ledger } from './ledger.ts';
import type { Identity } from './observe/identity.ts';
import { identify } from './observe/identity.ts';
import { observeRows } from './observe/row-snapshot.ts';
import { pullBrakes } from './plan/brakes.ts';
import { type Evidence, type EvidenceDeps, gatherEvidence, sizeOf } from './plan/evidence.ts';
import { isLimited, isRemoval, type PlanOptions, planFor } from './plan/plan.ts';
import { type FindingsFile, openFindingsFile } from './publish/findings-file.ts';
import { assertFits, completeness, statusOf, summarise, toFinding } from './publish/report.ts';
import type { ReconcilerDeps, RunOptions } from './reconciler.ts';
import { expiredQuarantine, openActions } from './state/journal.ts';
import { forgetHealed } from './state/memory.ts';
import { isDoubtful, memoryOf, type Remembered, recordEnd, remembered } from './state/runs.ts';

const evidenceBatch = 100;
const purgeLimit = 1000;
const sampleOfPlan = 50;
const pairsAProgress = 1000;

type PassDeps = ReconcilerDeps & { readonly clock: () => Date };

export class Pass {
  readonly runId: string;
  readonly mode: RunMode;
  readonly startedAt: Date;
  readonly #deps: PassDeps;
  readonly #options: RunOptions;
  readonly #signal: AbortSignal;
  readonly #ledger = new Ledger();
  readonly #conditions: Condition[] = [];
  #identity: Identity | null = null;
  #remembered: Remembered | null = null;
  #file: FindingsFile | null = null;

  constructor(deps: PassDeps, options: RunOptions & { readonly runId: string }) {
    this.runId = options.runId;
    this.mode = options.mode;
    this.startedAt = deps.clock();
    this.#deps = deps;
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
  }

  /** Makes sure of the bucket. A repair has the keeper bring a lost one back, a preview shows that. @throws KeepsakeError `S3BucketMissing` */
  async enter(): Promise<void> {
    const { pool, bucket, keeper } = this.#deps;
    try {
      await assertBucket(bucket, this.#signal);
    } catch (error) {
      const isLost = error instanceof KeepsakeError && error.code === 'S3BucketMissing';
      if (!isLost || this.mode === 'check' || !keeper) throw error;
      const first = await findFirstObject({ pool, bucket, keeper });
      if (!first) throw error;
      if (this.mode === 'repair') return bringBackBucket({ pool, bucket, keeper }, first);
      this.#ledger.tally.planBucket(first.row.key);
      throw error;
    }
  }

  /**
   * Ends what a run that died left half done. Only a repair changes anything, and only after both sides were read to
   * their end once (P8); what it settled may differ afterwards, so they are read again. A check says that there is something.
   */
  async settle(): Promise<void> {
    const open = await openActions(this.#deps.pool, sampleOfPlan);
    if (open.length === 0) return;
    if (this.mode !== 'repair') {
      this.#ledger.addUnsettled(open);
      return;
    }
    const config = { ...this.#deps.config, findingsFolder: null };
    await new Pass({ ...this.#deps, config }, { ...this.#options, runId: this.runId, mode: 'check' }).observe();
    await settleOpenActions(this.#deps);
  }

  /** Reads both sides to their end, judges every pair and plans. @throws KeepsakeError when anything stays unknown. */
  async observe(): Promise<void> {
    const { pool, bucket, keeper, config } = this.#deps;
    const sides = await identify(pool, keeper);
    this.#identity = sides.identity;
    this.#conditions.push(...sides.conditions);
    this.#remembered = (await remembered(pool)) ?? (await this.#rememberedElsewhere());
    this.#file = await openFindingsFile(config.findingsFolder, this.runId, config.history);
    const pairs = pairUp(listObjects(bucket, { prefix: imagePrefix, signal: this.#signal }), observeRows(pool));
    for await (const batch of inBatches(this.#candidates(pairs), evidenceBatch)) await this.#lookAgain(batch);
    if (this.#options.shouldCleanAll) await this.#planPurge();
    this.#progress('observe');
  }

  /** Does what is planned and allowed, if this is a repair. */
  async act(): Promise<void> {
    const { isPulled, isLimitReached } = this.#brakes();
    const ledger = this.#ledger;
    const allowed = ledger.plan.filter(
      ({ action }) => !(isPulled && isRemoval(action)) && !(isLimitReached && isLimited(action)),
    );
    ledger.tally.actions.planned = allowed.length + ledger.unsettled;
    if (this.mode !== 'repair') {
      for (const { id, action, key, reason } of allowed.slice(0, sampleOfPlan))
        ledger.tally.addResult({ id, action, key, reason, state: 'planned' });
      return;
    }
    let done = 0;
    for await (const { action, result } of performAll({ ...this.#deps, runId: this.runId }, allowed, this.#signal)) {
      ledger.tally.addResult(result);
      if (result.state === 'done') ledger.addMended(action);
      done += 1;
      this.#progress('act', done, allowed.length);
    }
    if (done < allowed.length) this.#conditions.push(repairStopped);
  }

  /** Builds the report of a pass that read everything, saves it, and forgets what has healed. */
  async finish(): Promise<IntegrityReport> {
    this.#progress('report');
    await this.#file?.close();
    const { pool, config } = this.#deps;
    const { isPulled, conditions } = this.#brakes();
    const status = statusOf({ isComplete: true, isBraked: isPulled, driftLeft: this.#ledger.driftLeft });
    const report = this.#report(status, null, conditions);
    await recordEnd(pool, report, config.history);
    await forgetHealed(pool, this.runId);
    return report;
  }

  /** Builds the report of a pass that something stopped, and saves it if Postgres still answers. */
  async failed(error: KeepsakeError): Promise<IntegrityReport> {
    const failure = this.#signal.aborted ? stopped(error) : error;
    await this.#file?.close().catch(() => {}); // the failure that stopped the pass is the one to tell
    const status = await this.#statusOfFailure(failure);
    this.#remembered ??= await this.#rememberedElsewhere().catch(() => null); // this report takes the place of that one
    const report = this.#report(status, failure, []);
    await recordEnd(this.#deps.pool, report, this.#deps.config.history).catch((error: unknown) => {
      this.#deps.logger.warn({ runId: this.runId, err: error }, 'a report could not be saved');
    });
    return report;
  }

  // A bucket that is proven gone although rows refer to it is a lost side, not an unknown one.
  async #statusOfFailure({ code }: KeepsakeError): Promise<'Incomplete' | 'Suspicious'> {
    if (code !== 'S3BucketMissing') return 'Incomplete';
    const rows = await this.#deps.pool.query(`SELECT FROM images WHERE status = 'stored' LIMIT 1`).catch(() => null);
    return rows?.rowCount === 1 ? 'Suspicious' : 'Incomplete'; // Postgres away as well: nothing is known of either
  }

  // A lost database has lost its own memory too: then what was shown last counts.
  async #rememberedElsewhere(): Promise<Remembered | null> {
    const shown = await this.#deps.publisher?.latest();
    return shown ? memoryOf(shown) : null;
  }

  async *#candidates(pairs: AsyncIterable<Pair>): AsyncGenerator<Pair, void, void> {
    const options = this.#judgeOptions();
    let read = 0;
    for await (const pair of pairs) {
      this.#signal.throwIfAborted();
      this.#ledger.countRead(pair);
      if (++read % pairsAProgress === 0) this.#progress('observe');
      const verdict = judge({ ...pair, bytes: null, deletionAt: null }, options);
      if (verdict.class === 'ok' && !this.#options.isDeep) this.#ledger.tally.count('ok', sizeOf(pair));
      else yield pair;
    }
  }

  async #lookAgain(batch: readonly Pair[]): Promise<void> {
    const deps: EvidenceDeps = {
      ...this.#deps,
      runId: this.runId,
      startedAt: this.startedAt,
      judgeOptions: this.#judgeOptions(),
      isDeep: this.#options.isDeep ?? false,
      signal: this.#signal,
    };
    const { evidence, ok } = await gatherEvidence(deps, batch);
    this.#ledger.tally.count('ok', ok.bytes, ok.count);
    for (const one of evidence) await this.#decide(one);
  }

  async #decide(evidence: Evidence): Promise<void> {
    const { action, remedy } = planFor(evidence, this.#planOptions());
    const finding = toFinding(evidence, remedy);
    this.#ledger.addEvidence(evidence, finding);
    await this.#file?.write(finding);
    if (!action) return;
    this.#ledger.remediable += 1;
    if (this.#isAskedFor(action.key)) this.#ledger.addPlanned(action);
  }

  #isAskedFor(key: string): boolean {
    return this.#options.keys?.includes(key) ?? true;
  }

  // Bytes whose time in the quarantine is over: all that is ever deleted for good beside rows that nothing brings back.
  async #planPurge(): Promise<void> {
    for (const { id, key, undo } of await expiredQuarantine(this.#deps.pool, this.startedAt, purgeLimit))
      if (undo.quarantineKey && this.#isAskedFor(key)) {
        const target = { kind: 'quarantined' as const, actionId: id, quarantineKey: undo.quarantineKey };
        this.#ledger.addPlanned({
          id: uuidv7(),
          key,
          reason: 'its time in the quarantine is over',
          action: 'delete',
          target,
        });
      }
  }

  #brakes(): ReturnType<typeof pullBrakes> {
    return pullBrakes({
      sides: this.#ledger.sides,
      identity: this.#identity ?? { storeId: undefined, databaseId: '' },
      remembered: this.#remembered,
      limitedActions: this.#ledger.limitedActions,
      limits: this.#options.limits ?? this.#deps.config.limits,
    });
  }

  #report(
    status: IntegrityReport['status'],
    failure: KeepsakeError | null,
    brakes: readonly Condition[],
  ): IntegrityReport {
    const finishedAt = this.#deps.clock();
    const { tally, read, remediable } = this.#ledger;
    return assertFits({
      apiVersion: 'keepsake.dev/v1',
      kind: 'IntegrityReport',
      runId: this.runId,
      mode: this.mode,
      startedAt: this.startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      durationMs: finishedAt.getTime() - this.startedAt.getTime(),
      status,
      summary: summarise(status, tally, { remediable, failure }),
      counts: tally.counts,
      coverage: {
        isComplete: failure === null,
        objectsRead: read.objectsRead,
        rowsRead: read.rowsRead,
        bucket: this.#deps.bucket.name,
        prefix: imagePrefix,
      },
      ...(this.#identity && {
        identity: {
          storeId: this.#identity.storeId ?? this.#remembered?.storeId ?? null,
          databaseId: this.#identity.databaseId,
        },
      }),
      ...(this.#remembered && isDoubtful(status) && { remembered: this.#remembered }),
      conditions: [completeness(failure), ...brakes, ...this.#conditions, ...this.#ledger.conditions],
      sample: tally.findings.items,
      isSampleCut: tally.findings.isCut,
      fullFindings: this.#file?.path ?? null,
      actions: { ...tally.actions, sample: tally.results.items },
    });
  }

  #judgeOptions(): JudgeOptions {
    return {
      now: this.startedAt,
      graceMs: this.#graceMs,
      uploadGraceMs: this.#deps.config.uploadGraceMs,
      noUploadsBefore: this.#options.noUploadsBefore ?? null,
    };
  }

  #planOptions(): PlanOptions {
    const { shouldCleanS3 = false, shouldCleanAll = false } = this.#options;
    const isForNextRun = this.mode !== 'repair';
    return { now: this.startedAt, graceMs: this.#graceMs, shouldCleanS3, shouldCleanAll, isForNextRun };
  }

  get #graceMs(): number {
    return this.#options.graceMs ?? this.#deps.config.graceMs;
  }

  #progress(phase: 'observe' | 'act' | 'report', done?: number, total?: number): void {
    const progress: RunProgress = {
      kind: 'progress',
      runId: this.runId,
      phase,
      done: done ?? this.#ledger.sides.objectsRead + this.#ledger.sides.rowsRead,
      total: total ?? null,
    };
    this.#options.onProgress?.(progress);
  }
}

const repairStopped: Condition = {
  type: 'RepairStopped',
  status: 'True',
  reason: 'TooManyFailures',
  message: `${failuresAllowed} repairs failed, so the rest was left. See why in the actions, then run again: npm run fix -- --fix`,
};

function stopped(cause: KeepsakeError): KeepsakeError {
  return new KeepsakeError('RunStopped', { what: 'the run was stopped', remedy: 'Run again when it suits.' }, cause);
}
