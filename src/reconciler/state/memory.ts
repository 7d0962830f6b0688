// The memory of earlier runs, in `integrity_findings`. Only runs that read everything and found nothing suspicious count
// (P9): the first sightings of any other run are dropped.
import type { PoolClient } from 'pg';
import type { Pool } from '../../shared/postgres.ts';
import type { FindingClass } from '../../shared/report.ts';

/** When a finding was first seen, and whether by a run before this one. */
export interface Sighting {
  readonly firstSeenAt: Date;
  readonly isEarlier: boolean;
}

/** Drops first sightings of runs that died, or ended `Incomplete` or `Suspicious`. Called before a run looks. */
export async function forgetUnproven(pool: Pool): Promise<void> {
  await pool.query(
    `DELETE FROM integrity_findings WHERE first_run IN
       (SELECT id FROM integrity_runs WHERE status IS NULL OR status IN ('Incomplete', 'Suspicious'))`,
  );
}

/** Records the differences that this run sees; returns the first sighting of each, in the order given. */
export async function recordSightings(
  pool: Pool,
  runId: string,
  now: Date,
  seen: readonly { readonly key: string; readonly drift: FindingClass }[],
): Promise<readonly Sighting[]> {
  const { rows } = await pool.query<{ key: string; class: string; first_run: string; first_seen_at: Date }>(
    `INSERT INTO integrity_findings AS f (key, class, first_run, first_seen_at, last_run)
       SELECT DISTINCT key, class, $1::uuid, $2::timestamptz, $1::uuid FROM unnest($3::text[], $4::text[]) AS seen (key, class)
     ON CONFLICT (key, class) DO UPDATE SET last_run = excluded.last_run
     RETURNING key, class, first_run, first_seen_at`,
    [runId, now, seen.map(({ key }) => key), seen.map(({ drift }) => drift)],
  );
  const found = new Map(rows.map((row) => [`${row.class} ${row.key}`, row]));
  return seen.map(({ key, drift }) => {
    const row = found.get(`${drift} ${key}`);
    return { firstSeenAt: row?.first_seen_at ?? now, isEarlier: row !== undefined && row.first_run !== runId };
  });
}

/** After a completed run: forgets the differences that it no longer saw. */
export async function forgetHealed(client: Pool | PoolClient, runId: string): Promise<void> {
  await client.query('DELETE FROM integrity_findings WHERE last_run <> $1', [runId]);
}

/** A key as Postgres can hold it: text there has no NUL, S3's keys may. Only to remember and to show, never to act on. */
export function storableKey(key: string): string {
  return key.replaceAll('\0', '\u2400');
}
