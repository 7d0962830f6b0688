// Act: one planned action at a time. Each looks again at what it expects under a lock or right before the step that
// counts, writes the journal before it changes anything, and leaves what a crash cuts to settle.ts.
import { assertNever } from '../../shared/errors.ts';
import type { KeeperClient } from '../../shared/keeper-api.ts';
import type { Logger } from '../../shared/logger.ts';
import { inTransaction, type Pool } from '../../shared/postgres.ts';
import type { ActionResult } from '../../shared/report.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import { deleteRow, findRows, insertRow, lockRow, updateRow } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { restoreSources } from '../plan/means.ts';
import type { PlannedAction } from '../plan/plan.ts';
import { asRunError } from '../run-error.ts';
import { beginAction, endAction, findAction, noteFailure, type UndoNote } from '../state/journal.ts';
import { abortParts } from './abandoned-parts.ts';
import { hasBytesOf, restoreObject } from './restore.ts';
import { copyProven, deleteForever, isUnchanged, quarantineKeyOf, removeCopied } from './set-aside.ts';

export interface ActDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient | null;
  readonly logger: Logger;
  readonly clock: () => Date;
  readonly runId: string;
}

/** How an act ended when it ended by itself. `skipped`: what it expected no longer held, nothing was changed. */
export interface Outcome {
  readonly state: 'done' | 'skipped' | 'failed';
  readonly reason: string;
}

/** How long an action can be undone, and its quarantined bytes are kept (P9). */
export const undoableMs = 30 * 24 * 3_600_000;

type ActionOf<A extends PlannedAction['action']> = Extract<PlannedAction, { readonly action: A }>;

/** Does one action. Never throws for what S3, Postgres or the keeper do: that is a `failed` result, said in the log. */
export async function perform(deps: ActDeps, action: PlannedAction): Promise<ActionResult> {
  try {
    const outcome = await performKind(deps, action);
    deps.logger.info({ key: action.key, action: action.action, ...outcome }, 'repair');
    return { id: action.id, action: action.action, key: action.key, ...outcome };
  } catch (thrown) {
    const error = asRunError(thrown);
    deps.logger.error({ key: action.key, action: action.action, err: thrown }, 'a repair failed');
    await noteFailure(deps.pool, action.id, error.message).catch(() => {}); // Postgres is away: the entry stays started
    return { id: action.id, action: action.action, key: action.key, state: 'failed', reason: error.message };
  }
}

function performKind(deps: ActDeps, action: PlannedAction): Promise<Outcome> {
  switch (action.action) {
    case 'restore':
      return restoreObject(deps, action);
    case 'adopt':
      return adopt(deps, action);
    case 'finish-upload':
      return finishUpload(deps, action);
    case 'discard-pending':
      return discardPending(deps, action);
    case 'correct-row':
      return correctRow(deps, action);
    case 'quarantine':
      return quarantine(deps, action);
    case 'delete':
      return action.target.kind === 'row'
        ? deleteLostRow(deps, action, action.target.row)
        : purge(deps, action, action.target);
    default:
      return assertNever(action);
  }
}

/** Journals the start of an action that can be undone. */
export async function begin({ pool, clock, runId }: ActDeps, action: PlannedAction, undo: UndoNote): Promise<void> {
  const startedAt = clock();
  const expiresAt = new Date(startedAt.getTime() + undoableMs);
  const { id, key, reason } = action;
  await beginAction(pool, { id, runId, action: action.action, key, undo: { ...undo, reason }, startedAt, expiresAt });
}

async function adopt(deps: ActDeps, action: ActionOf<'adopt'>): Promise<Outcome> {
  const { pool, bucket, clock } = deps;
  if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
  const isInserted = await inTransaction(pool, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM outbox WHERE key = $1', [action.key]);
    if (rowCount !== 0 || (await findRows(pool, [action.key])).size > 0) return false;
    await begin(deps, action, { rowAfter: action.row });
    if (!(await insertRow(client, action.row))) {
      await endAction(client, action.id, { state: 'failed', at: clock(), error: 'another row has its id or key' });
      return false;
    }
    await endAction(client, action.id, { state: 'done', at: clock() });
    return true;
  });
  if (!isInserted) return skipped('it has a row, or is being deleted');
  // The API deletes an object before it drops the outbox entry: no entry above and no object now means deleted on purpose.
  if ((await headObject(bucket, action.key)).kind === 'present') return done(action);
  await inTransaction(pool, async (client) => {
    await deleteRow(client, action.row);
    await endAction(client, action.id, { state: 'failed', at: clock(), error: 'its object was deleted meanwhile' });
  });
  return skipped('the object was deleted meanwhile');
}

async function finishUpload(deps: ActDeps, action: ActionOf<'finish-upload'>): Promise<Outcome> {
  return inTransaction(deps.pool, async (client) => {
    const row = await lockRow(client, action.key);
    if (row?.status !== 'pending') return skipped('the upload ended by itself');
    if (!(await isUnchanged(deps.bucket, action.key, action.object))) return skipped('the object changed');
    const rowAfter = { ...row, status: action.row.status, sizeBytes: action.row.sizeBytes, sha256: action.row.sha256 };
    await begin(deps, action, { rowBefore: row, rowAfter });
    await updateRow(client, row, rowAfter);
    await endAction(client, action.id, { state: 'done', at: deps.clock() });
    return done(action);
  });
}

// The object goes before the row: an object whose row went first would look like one to adopt.
async function discardPending(deps: ActDeps, action: ActionOf<'discard-pending'>): Promise<Outcome> {
  const { bucket, pool, clock } = deps;
  return inTransaction(pool, async (client) => {
    const row = await lockRow(client, action.key);
    if (row?.status !== 'pending') return skipped('the upload ended by itself');
    if (row.uploadedAt > action.row.uploadedAt) return skipped('the upload showed life again');
    if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
    const quarantineKey = quarantineKeyOf(action.id, action.key);
    const note: UndoNote = { rowBefore: row, ...(action.object && { quarantineKey }) };
    await begin(deps, action, note);
    const sha256 = action.object ? await copyProven(bucket, action.key, quarantineKey) : undefined;
    if (action.object) await removeCopied(bucket, action.object);
    await abortParts(bucket, action.key);
    await deleteRow(client, row);
    await endAction(client, action.id, { state: 'done', at: clock(), undo: { ...note, ...(sha256 && { sha256 }) } });
    return done(action);
  });
}

async function correctRow(deps: ActDeps, action: ActionOf<'correct-row'>): Promise<Outcome> {
  return inTransaction(deps.pool, async (client) => {
    const row = await lockRow(client, action.key);
    if (row?.status !== 'stored' || row.sha256 !== action.row.sha256) return skipped('the row changed');
    if (!(await isUnchanged(deps.bucket, action.key, action.object))) return skipped('the object changed');
    const rowAfter = { ...row, sizeBytes: action.sizeBytes };
    await begin(deps, action, { rowBefore: row, rowAfter });
    await updateRow(client, row, rowAfter);
    await endAction(client, action.id, { state: 'done', at: deps.clock() });
    return done(action);
  });
}

async function quarantine(deps: ActDeps, action: ActionOf<'quarantine'>): Promise<Outcome> {
  const { bucket, pool, clock } = deps;
  if ((await findRows(pool, [action.key])).size > 0) return skipped('it has a row now');
  if (!(await isUnchanged(bucket, action.key, action.object))) return skipped('the object changed');
  const note: UndoNote = { quarantineKey: quarantineKeyOf(action.id, action.key) };
  await begin(deps, action, note);
  const sha256 = await copyProven(bucket, action.key, quarantineKeyOf(action.id, action.key));
  await removeCopied(bucket, action.object);
  await endAction(pool, action.id, { state: 'done', at: clock(), undo: { ...note, sha256 } });
  return done(action);
}

async function deleteLostRow(deps: ActDeps, action: PlannedAction, row: ActionRow): Promise<Outcome> {
  const { bucket, pool, clock } = deps;
  return inTransaction(pool, async (client) => {
    const now = await lockRow(client, action.key);
    if (now?.status !== 'stored' || now.sha256 !== row.sha256) return skipped('the row changed');
    if (!(await isUnchanged(bucket, action.key, null))) return skipped('the object is there again');
    const sources = await restoreSources(deps, now);
    if (sources === 'unknown' || sources.length > 0) return skipped('something may bring it back');
    await begin(deps, action, { rowBefore: now });
    await deleteRow(client, now);
    await endAction(client, action.id, { state: 'done', at: clock() });
    return done(action);
  });
}

// They may be the last bytes of an image that is missing, or that a restore is bringing back: it holds the row.
async function purge(deps: ActDeps, action: PlannedAction, target: QuarantinedTarget): Promise<Outcome> {
  const { bucket, pool } = deps;
  const { sha256 } = (await findAction(pool, target.actionId)).undo;
  return inTransaction(pool, async (client) => {
    const row = await lockRow(client, action.key);
    if (row && row.sha256 === sha256 && !hasBytesOf(await readObjectBytes(bucket, row.key), row))
      return skipped('its image needs these bytes');
    await deleteForever(bucket, target.quarantineKey);
    await client.query(`UPDATE integrity_actions SET undo = undo - 'quarantineKey' WHERE id = $1`, [target.actionId]);
    return done(action);
  });
}

type DeleteTargets = ActionOf<'delete'>['target'];
type ActionRow = Extract<DeleteTargets, { readonly kind: 'row' }>['row'];
type QuarantinedTarget = Extract<DeleteTargets, { readonly kind: 'quarantined' }>;

function done({ reason }: PlannedAction): Outcome {
  return { state: 'done', reason };
}

function skipped(reason: string): Outcome {
  return { state: 'skipped', reason };
}
