// Who the two sides are, so that a replaced one is noticed (plan/brakes.ts).
import { KeepsakeError } from '../../shared/errors.ts';
import type { KeeperClient } from '../../shared/keeper-api.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { Condition } from '../../shared/report.ts';

/** Who the two sides are. `storeId` is null without a keeper, undefined when the keeper could not be asked. */
export interface Identity {
  readonly storeId: string | null | undefined;
  readonly databaseId: string;
}

/** Asks both sides who they are. A keeper that does not answer leaves `storeId` undefined and a condition. */
export async function identify(
  pool: Pool,
  keeper: KeeperClient | null,
): Promise<{ readonly identity: Identity; readonly conditions: readonly Condition[] }> {
  const databaseId = await identifyDatabase(pool);
  if (!keeper) return { identity: { storeId: null, databaseId }, conditions: [] };
  try {
    const status = await keeper.status();
    const damaged = status?.damaged ?? [];
    return {
      identity: { storeId: status?.storeId ?? null, databaseId },
      conditions: damaged.length > 0 ? [keeperDamaged(damaged.length)] : [],
    };
  } catch (error) {
    if (!(error instanceof KeepsakeError) || error.code !== 'KeeperUnreachable') throw error;
    return { identity: { storeId: undefined, databaseId }, conditions: [keeperSilent(error)] };
  }
}

// The cluster's identifier is not everybody's to read (42501, insufficient privilege): then the database's number alone.
async function identifyDatabase(pool: Pool): Promise<string> {
  const [cluster, database] = await Promise.all([
    pool
      .query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()')
      .catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === '42501') return null;
        throw error;
      }),
    pool.query<{ id: string }>('SELECT oid::text AS id FROM pg_database WHERE datname = current_database()'),
  ]);
  return `${cluster?.rows[0]?.id ?? 'unknown'}/${database.rows[0]?.id ?? 'unknown'}`;
}

function keeperDamaged(count: number): Condition {
  const message = `The keeper has set aside ${count} damaged entries; they are named in /_keeper/status.`;
  return { type: 'KeeperDamaged', status: 'True', reason: 'EntriesSetAside', message };
}

function keeperSilent(error: KeepsakeError): Condition {
  const message = `The keeper can't be asked what it could bring back. ${error.message}`.slice(0, 1000);
  return { type: 'KeeperReachable', status: 'False', reason: error.code, message };
}
