// The last step of a pass: the report of a run from its ledger, whether it was completed or something stopped it.
import { KeepsakeError } from '../shared/errors.ts';
import { imagePrefix } from '../shared/image.ts';
import type { Condition, IntegrityReport } from '../shared/report.ts';
import { failuresAllowed } from './act/perform-all.ts';
import { pullBrakes } from './plan/brakes.ts';
import { assertFits, completeness, statusOf, summarise } from './publish/report.ts';
import { rememberedBy } from './publish/report-publisher.ts';
import { type Run, tellProgress } from './run.ts';
import { forgetHealed } from './state/memory.ts';
import { isDoubtful, recordEnd } from './state/runs.ts';

/** How acting ended. */
export interface Acted {
  /** Too many failures: the rest of the plan was left. */
  readonly isStopped: boolean;
}

/** Builds the report of a pass that read everything, saves it, and forgets what has healed. */
export async function reportCompleted(run: Run, { isStopped }: Acted): Promise<IntegrityReport> {
  const { pool, config, ledger, runId } = run;
  tellProgress(run, 'report');
  if (isStopped) ledger.addConditions([repairStopped]);
  await ledger.findingsFile?.close();
  const { isPulled, conditions } = pullBrakesOf(run);
  const status = statusOf({ isComplete: true, isBraked: isPulled, driftLeft: ledger.driftLeft });
  const report = toReport(run, { status, failure: null, brakes: conditions });
  await recordEnd(pool, report, config.history);
  await forgetHealed(pool, runId);
  return report;
}

/** Builds the report of a pass that something stopped, and saves it if Postgres still answers. */
export async function reportFailed(run: Run, error: KeepsakeError): Promise<IntegrityReport> {
  const { pool, config, ledger, logger, publisher, runId, signal } = run;
  const failure = signal.aborted ? stopped(error) : error;
  await ledger.findingsFile?.close().catch(() => {}); // the failure that stopped the pass is the one to tell
  const status = await statusOfFailure(run, failure);
  ledger.remembered ??= await rememberedBy(publisher).catch(() => null); // this report takes the place of that one
  const report = toReport(run, { status, failure, brakes: [] });
  await recordEnd(pool, report, config.history).catch((cause: unknown) => {
    logger.warn({ runId, err: cause }, 'a report could not be saved');
  });
  return report;
}

/** Asks the brakes about both sides as they are now, after what was mended. */
export function pullBrakesOf({ ledger, options, config }: Run): ReturnType<typeof pullBrakes> {
  return pullBrakes({
    sides: ledger.sides,
    identity: ledger.identity ?? { storeId: undefined, databaseId: '' },
    remembered: ledger.remembered,
    limitedActions: ledger.limitedActions,
    limits: options.limits ?? config.limits,
  });
}

// A bucket that is proven gone although rows refer to it is a lost side, not an unknown one.
async function statusOfFailure({ pool }: Run, { code }: KeepsakeError): Promise<'Incomplete' | 'Suspicious'> {
  if (code !== 'S3BucketMissing') return 'Incomplete';
  const rows = await pool.query(`SELECT FROM images WHERE status = 'stored' LIMIT 1`).catch(() => null);
  return rows?.rowCount === 1 ? 'Suspicious' : 'Incomplete'; // Postgres away as well: nothing is known of either
}

interface Verdict {
  readonly status: IntegrityReport['status'];
  readonly failure: KeepsakeError | null;
  readonly brakes: readonly Condition[];
}

function toReport(run: Run, { status, failure, brakes }: Verdict): IntegrityReport {
  const { runId, startedAt, bucket } = run;
  const { tally, read, remediable, identity, remembered, findingsFile, conditions } = run.ledger;
  const finishedAt = run.clock();
  return assertFits({
    apiVersion: 'keepsake.dev/v1',
    kind: 'IntegrityReport',
    runId,
    mode: run.options.mode,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - startedAt.getTime(),
    status,
    summary: summarise(status, tally, { remediable, failure }),
    counts: tally.counts,
    coverage: {
      isComplete: failure === null,
      objectsRead: read.objectsRead,
      rowsRead: read.rowsRead,
      bucket: bucket.name,
      prefix: imagePrefix,
    },
    ...(identity && {
      identity: { storeId: identity.storeId ?? remembered?.storeId ?? null, databaseId: identity.databaseId },
    }),
    ...(remembered && isDoubtful(status) && { remembered }),
    conditions: [completeness(failure), ...brakes, ...conditions],
    sample: tally.findings.items,
    isSampleCut: tally.findings.isCut,
    fullFindings: findingsFile?.path ?? null,
    actions: { ...tally.actions, sample: tally.results.items },
  });
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
