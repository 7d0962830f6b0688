// The journal of repairs, `integrity_actions`: written before an action and after it. An entry stays `started` when its
// run died or its servers went away; the next repair settles it (act/settle.ts).
import type { PoolClient } from 'pg';
import { KeepsakeError } from '../../shared/errors.ts';
import type { ImageRow } from '../../shared/image.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { ActionKind } from '../../shared/report.ts';

/** The facts that undoing needs. Bytes are set aside under `quarantineKey` with their SHA-256; rows are whole. */
export interface UndoNote {
  /** Why it was done, for people. */
  readonly reason?: string;
  readonly quarantineKey?: string;
  readonly sha256?: string;
  /** The row that the action took away or changed. */
  readonly rowBefore?: ImageRow;
  /** The row that the action made or left. */
  readonly rowAfter?: ImageRow;
}

export interface JournalEntry {
  readonly id: string;
  readonly runId: string;
  readonly action: ActionKind;
  readonly key: string;
  readonly state: 'started' | 'done' | 'failed' | 'undone';
  readonly undo: UndoNote;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly expiresAt: Date;
}

const columns = 'id, run_id, action, key, state, undo, error, started_at, expires_at';

interface JournalRecord {
  readonly id: string;
  readonly run_id: string;
  readonly action: ActionKind;
  readonly key: string;
  readonly state: JournalEntry['state'];
  readonly undo: UndoNoteJson | null;
  readonly error: string | null;
  readonly started_at: Date;
  readonly expires_at: Date;
}

type ImageRowJson = Omit<ImageRow, 'uploadedAt'> & { readonly uploadedAt: string };
type UndoNoteJson = Omit<UndoNote, 'rowBefore' | 'rowAfter'> & {
  readonly rowBefore?: ImageRowJson;
  readonly rowAfter?: ImageRowJson;
};

/** Writes that an action begins. Committed when it returns: only then may the action change anything. */
export async function beginAction(
  pool: Pool,
  entry: Pick<JournalEntry, 'id' | 'runId' | 'action' | 'key' | 'undo' | 'startedAt' | 'expiresAt'>,
): Promise<void> {
  await pool.query(
    `INSERT INTO integrity_actions (id, run_id, action, key, state, undo, started_at, expires_at)
     VALUES ($1, $2, $3, $4, 'started', $5, $6, $7)`,
    [entry.id, entry.runId, entry.action, entry.key, JSON.stringify(entry.undo), entry.startedAt, entry.expiresAt],
  );
}

/**
 * Writes how an action ended, in the transaction of the action where it has one, so that both hold or neither. A new
 * `undo` replaces the old one but keeps its reason. It also keeps where bytes were set aside, unless the caller names
 * that copy as `released`: no entry forgets where bytes are.
 */
export async function endAction(
  client: Pool | PoolClient,
  id: string,
  end: {
    readonly state: 'done' | 'failed' | 'undone';
    readonly at: Date;
    readonly error?: string;
    readonly undo?: UndoNote;
    readonly released?: string;
  },
): Promise<void> {
  await client.query(
    `UPDATE integrity_actions SET state = $2, ended_at = $3, error = $4,
       undo = coalesce(
         CASE WHEN undo->>'quarantineKey' IS DISTINCT FROM $6::text
           THEN jsonb_strip_nulls(jsonb_build_object('quarantineKey', undo->'quarantineKey', 'sha256', undo->'sha256'))
           ELSE '{}' END
         || $5 || jsonb_strip_nulls(jsonb_build_object('reason', undo->'reason')), undo)
     WHERE id = $1`,
    [id, end.state, end.at, end.error ?? null, end.undo ? JSON.stringify(end.undo) : null, end.released ?? null],
  );
}

/** Lets go of quarantined bytes that are deleted for good. */
export async function forgetQuarantine(client: PoolClient, id: string): Promise<void> {
  await client.query(`UPDATE integrity_actions SET undo = undo - 'quarantineKey' WHERE id = $1`, [id]);
}

/** Notes why an action stopped half-way; it stays `started` for the next repair to settle. */
export async function noteFailure(pool: Pool, id: string, error: string): Promise<void> {
  await pool.query('UPDATE integrity_actions SET error = $2 WHERE id = $1', [id, error]);
}

/** The actions that nobody ended, in the order of their ids, at most `limit`, those after the id `after`. */
export async function openActions(pool: Pool, limit: number, after?: string): Promise<readonly JournalEntry[]> {
  const { rows } = await pool.query<JournalRecord>(
    `SELECT ${columns} FROM integrity_actions WHERE state = 'started' AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $1`,
    [limit, after ?? null],
  );
  return rows.map(toEntry);
}

/** Actions that were done or undone, newest first; `before` is the start of the last one seen. */
export async function pastActions(
  pool: Pool,
  { limit, before }: { readonly limit: number; readonly before?: Date },
): Promise<readonly JournalEntry[]> {
  const { rows } = await pool.query<JournalRecord>(
    `SELECT ${columns} FROM integrity_actions
     WHERE state IN ('done', 'undone') AND ($2::timestamptz IS NULL OR started_at < $2)
     ORDER BY started_at DESC, id DESC LIMIT $1`,
    [limit, before ?? null],
  );
  return rows.map(toEntry);
}

/** The undoable actions of the newest run that has any, newest first: the order in which to undo them. */
export async function undoableOfLastRepair(pool: Pool, now: Date): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM integrity_actions
     WHERE state = 'done' AND expires_at > $1 AND run_id = (
       SELECT run_id FROM integrity_actions WHERE state = 'done' AND expires_at > $1 ORDER BY started_at DESC, id DESC LIMIT 1)
     ORDER BY started_at DESC, id DESC`,
    [now],
  );
  return rows.map(({ id }) => id);
}

/** Quarantined bytes whose time is over, oldest first, at most `limit`. */
export async function expiredQuarantine(pool: Pool, now: Date, limit: number): Promise<readonly JournalEntry[]> {
  const { rows } = await pool.query<JournalRecord>(
    `SELECT ${columns} FROM integrity_actions
     WHERE state IN ('done', 'undone') AND undo ? 'quarantineKey' AND expires_at < $1 ORDER BY expires_at LIMIT $2`,
    [now, limit],
  );
  return rows.map(toEntry);
}

/** @throws KeepsakeError `ActionNotFound` for an id that is none, or none of ours. */
export async function findAction(pool: Pool, id: string): Promise<JournalEntry> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const { rows } = isId
    ? await pool.query<JournalRecord>(`SELECT ${columns} FROM integrity_actions WHERE id = $1`, [id])
    : { rows: [] };
  if (!rows[0])
    throw new KeepsakeError('ActionNotFound', {
      what: 'no repair has this id',
      got: JSON.stringify(id.slice(0, 100)),
      remedy: 'Take the id from the list of repairs (GET /api/integrity/actions/).',
    });
  return toEntry(rows[0]);
}

function toEntry(record: JournalRecord): JournalEntry {
  const { rowBefore, rowAfter, ...rest } = record.undo ?? {};
  return {
    id: record.id,
    runId: record.run_id,
    action: record.action,
    key: record.key,
    state: record.state,
    undo: {
      ...rest,
      ...(rowBefore && { rowBefore: toRow(rowBefore) }),
      ...(rowAfter && { rowAfter: toRow(rowAfter) }),
    },
    error: record.error,
    startedAt: record.started_at,
    expiresAt: record.expires_at,
  };
}

function toRow(json: ImageRowJson): ImageRow {
  return { ...json, uploadedAt: new Date(json.uploadedAt) };
}
