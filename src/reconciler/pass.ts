// One pass: enter → settle → observe → compare → plan → act → report. The output of each step is the input of the next,
// so none can run too early or be left out. Memory is bounded by the plan, never by what is read (P10).
import { v7 as uuidv7 } from 'uuid';
import { KeepsakeError } from '../shared/errors.ts';
import { imagePrefix } from '../shared/image.ts';
import type { IntegrityReport } from '../shared/report.ts';
import { assertBucket } from '../shared/s3/client.ts';
import { listObjects } from '../shared/s3/listing.ts';
import { bringBackBucket, findFirstObject } from './act/bring-back-bucket.ts';
import { performAll } from './act/perform-all.ts';
import { settleOpenActions } from './act/settle.ts';
import { type Difference, findDifferences } from './compare/differences.ts';
import { type Pair, pairUp } from './compare/pair-up.ts';
import { Ledger } from './ledger.ts';
import { identify } from './observe/identity.ts';
import { observeRows } from './observe/row-snapshot.ts';
import { type Evidence, gatherEvidence } from './plan/evidence.ts';
import { isLimited, isRemoval, type PlannedAction, planFor } from './plan/plan.ts';
import { openFindingsFile } from './publish/findings-file.ts';
import { toFinding } from './publish/report.ts';
import { rememberedBy } from './publish/report-publisher.ts';
import { judgeOptionsOf, type Run, tellProgress } from './run.ts';
import { asRunError } from './run-error.ts';
import { type Acted, pullBrakesOf, reportCompleted, reportFailed } from './run-report.ts';
import { expiredQuarantine, type JournalEntry, openActions } from './state/journal.ts';
import { remembered } from './state/runs.ts';

const purgeLimit = 1000;
const sampleOfPlan = 50;
const pairsAProgress = 1000;

/** Never throws for what S3, Postgres or the keeper do: that is in the report. The caller holds the run lock. */
export async function pass(run: Run): Promise<IntegrityReport> {
  try {
    const entered = await enter(run);
    const settled = await settle(run, entered);
    const observed = await observe(run, settled);
    const compared = compare(run, observed);
    const planned = await plan(run, compared);
    const acted = await act(run, planned);
    return await reportCompleted(run, acted);
  } catch (error) {
    run.logger.error({ runId: run.runId, err: error }, 'a run could not be completed');
    return reportFailed(run, asRunError(error));
  }
}

interface Entered {
  /** Actions that a dead run left half done; more may follow. */
  readonly open: readonly JournalEntry[];
}

/** Makes sure of the bucket. A repair has the keeper bring a lost one back, a preview shows that. @throws KeepsakeError `S3BucketMissing` */
async function enter(run: Run): Promise<Entered> {
  const { pool, bucket, keeper, ledger, signal } = run;
  const { mode } = run.options;
  try {
    await assertBucket(bucket, signal);
  } catch (error) {
    const isLost = error instanceof KeepsakeError && error.code === 'S3BucketMissing';
    if (!isLost || mode === 'check' || !keeper) throw error;
    const first = await findFirstObject({ pool, bucket, keeper });
    if (first && mode === 'preview') ledger.tally.planBucket(first.row.key);
    if (!first || mode === 'preview') throw error;
    await bringBackBucket({ pool, bucket, keeper }, first);
  }
  return { open: await openActions(pool, sampleOfPlan) };
}

interface Settled {
  /** Half-done actions that stay so, because this run only looks or a brake holds it. */
  readonly unsettled: readonly JournalEntry[];
}

/**
 * Ends what a dead run left half done. Only a repair changes anything, and only after both sides were read to their
 * end once (P8) and no brake was pulled (P9). They are read again afterwards, since settling may change them.
 */
async function settle(run: Run, { open }: Entered): Promise<Settled> {
  if (open.length === 0 || run.options.mode !== 'repair') return { unsettled: open };
  if (await isBraked(run)) return { unsettled: open };
  const unprovable = await settleOpenActions(run);
  run.ledger.addUnprovable(unprovable);
  return { unsettled: [] };
}

/** Reads and judges as a check would, and asks the brakes. @throws KeepsakeError when anything stays unknown */
async function isBraked(run: Run): Promise<boolean> {
  const check: Run = {
    ...run,
    options: { ...run.options, mode: 'check' },
    config: { ...run.config, findingsFolder: null },
    startedAt: run.clock(),
    ledger: new Ledger(),
  };
  await plan(check, compare(check, await observe(check, { unsettled: [] })));
  return pullBrakesOf(check).isPulled;
}

interface Observed {
  /** Both sides, key by key. They are read while the plan asks for more. */
  readonly pairs: AsyncIterable<Pair>;
}

/** Finds out who the two sides are, and opens both. */
async function observe(run: Run, { unsettled }: Settled): Promise<Observed> {
  const { pool, bucket, keeper, publisher, config, ledger, signal } = run;
  ledger.addUnsettled(unsettled);
  const { identity, conditions } = await identify(pool, keeper);
  ledger.identity = identity;
  ledger.addConditions(conditions);
  // A lost database has lost its own memory too: then the report that was shown last counts.
  ledger.remembered = (await remembered(pool)) ?? (await rememberedBy(publisher));
  ledger.findingsFile = await openFindingsFile(config.findingsFolder, run.runId, config.history);
  return { pairs: counted(run, pairUp(listObjects(bucket, { prefix: imagePrefix, signal }), observeRows(pool))) };
}

async function* counted(run: Run, pairs: AsyncIterable<Pair>): AsyncGenerator<Pair, void, void> {
  let read = 0;
  for await (const pair of pairs) {
    run.signal.throwIfAborted();
    run.ledger.countRead(pair);
    if (++read % pairsAProgress === 0) tellProgress(run, 'observe');
    yield pair;
  }
}

interface Compared {
  /** The differences in batches, each looked at a second time. */
  readonly differences: AsyncIterable<readonly Difference[]>;
}

/** Judges every pair; one that seems to differ is read and judged again, alone. */
function compare(run: Run, { pairs }: Observed): Compared {
  const { ledger, options } = run;
  const countOk = (bytes: number, count: number): void => ledger.tally.count('ok', bytes, count);
  const deps = { ...run, judgeOptions: judgeOptionsOf(run), isDeep: options.isDeep ?? false, countOk };
  return { differences: findDifferences(deps, pairs) };
}

interface Planned {
  /** One action a difference at most: all that the run was asked for and nothing hinders. */
  readonly actions: readonly PlannedAction[];
}

/** Reads both sides to their end, and decides on every difference. @throws KeepsakeError when anything stays unknown */
async function plan(run: Run, { differences }: Compared): Promise<Planned> {
  for await (const batch of differences)
    for (const evidence of await gatherEvidence({ ...run, now: run.startedAt }, batch)) await decide(run, evidence);
  if (run.options.shouldCleanAll) await planPurge(run);
  tellProgress(run, 'observe');
  return { actions: run.ledger.plan };
}

async function decide(run: Run, evidence: Evidence): Promise<void> {
  const { ledger, options, startedAt, graceMs } = run;
  const { shouldCleanS3 = false, shouldCleanAll = false, mode } = options;
  const isForNextRun = mode !== 'repair';
  const planOptions = { now: startedAt, graceMs, shouldCleanS3, shouldCleanAll, isForNextRun };
  const { action, remedy } = planFor(evidence, planOptions);
  const finding = toFinding(evidence, remedy);
  ledger.addEvidence(evidence, finding);
  await ledger.findingsFile?.write(finding);
  if (!action) return;
  ledger.remediable += 1;
  if (isAskedFor(run, action.key)) ledger.addPlanned(action);
}

// Beside rows that nothing brings back, only bytes whose time in the quarantine is over are ever deleted for good.
async function planPurge(run: Run): Promise<void> {
  const reason = 'its time in the quarantine is over';
  for (const { id, key, undo } of await expiredQuarantine(run.pool, run.startedAt, purgeLimit)) {
    if (!undo.quarantineKey || !isAskedFor(run, key)) continue;
    const target = { kind: 'quarantined' as const, actionId: id, quarantineKey: undo.quarantineKey };
    run.ledger.addPlanned({ id: uuidv7(), key, reason, action: 'delete', target });
  }
}

function isAskedFor({ options }: Run, key: string): boolean {
  return options.keys?.includes(key) ?? true;
}

/** Does all that is planned and that no brake forbids, if this is a repair. */
async function act(run: Run, { actions }: Planned): Promise<Acted> {
  const { ledger, options, signal } = run;
  const { isPulled, isLimitReached } = pullBrakesOf(run);
  const allowed = actions.filter(
    ({ action }) => !(isPulled && isRemoval(action)) && !(isLimitReached && isLimited(action)),
  );
  ledger.tally.actions.planned = allowed.length + ledger.unsettled;
  if (options.mode !== 'repair') {
    for (const { id, action, key, reason } of allowed.slice(0, sampleOfPlan))
      ledger.tally.addResult({ id, action, key, reason, state: 'planned' });
    return { isStopped: false };
  }
  let done = 0;
  for await (const { action, result } of performAll(run, allowed, signal)) {
    ledger.tally.addResult(result);
    if (result.state === 'done') ledger.addMended(action);
    done += 1;
    tellProgress(run, 'act', { done, total: allowed.length });
  }
  return { isStopped: done < allowed.length };
}
