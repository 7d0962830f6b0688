// The Postgres pool, the schema, and the lock that keeps two runs apart. Errors come out as the catalogue's.
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { KeepsakeError, reasonOf } from './errors.ts';
import type { Logger } from './logger.ts';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

/** A pool of connections. The caller that makes it ends it. An idle connection that dies is logged and replaced. */
export function createPool(databaseUrl: string, options: { readonly logger: Logger; readonly max?: number }): Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 10,
    connectionTimeoutMillis: 5_000,
    application_name: 'keepsake',
  });
  pool.on('error', (error) => options.logger.warn({ reason: error.message }, 'an idle Postgres connection was lost'));
  // A connection that dies while somebody holds it fails their query; its 'error' event must not end the process too.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

const migrationsFolder = path.join(import.meta.dirname, 'migrations');

/** Brings the schema forward; several may call it at once (an advisory lock lets one work). Never goes back. */
export async function migrate(databaseUrl: string, logger: Logger): Promise<void> {
  try {
    await runner({
      databaseUrl,
      dir: `${migrationsFolder}/*.sql`,
      useGlob: true,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      lockValue: migrationLock,
      advisoryLockMode: 'wait',
      logger: {
        debug: () => {},
        info: (message: string) => logger.debug({ migration: message }, 'migration'),
        warn: (message: string) => logger.warn({ migration: message }, 'migration'),
        error: (message: string) => logger.error({ migration: message }, 'migration'),
      },
    });
  } catch (error) {
    throw asDatabaseError(error);
  }
}

// Numbers of our advisory locks; 'KEEP' in ASCII, then a running number, so that they don't meet another program's.
const migrationLock = 0x4b45_4550_0001;
export const runLock = 0x4b45_4550_0002;

/**
 * Does `work` while holding an advisory lock on a connection of its own; undefined when another holds it.
 * The lock ends with the connection: a killed holder blocks nobody.
 */
export async function withAdvisoryLock<T>(
  pool: Pool,
  lock: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asDatabaseError(error);
  });
  let isBroken = false;
  try {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [lock]);
    if (!rows[0]?.locked) return undefined;
    try {
      return { value: await work() };
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [lock]).catch(() => {
        isBroken = true; // closing the connection lets the lock go
      });
    }
  } finally {
    client.release(isBroken);
  }
}

/** Does `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asDatabaseError(error);
  });
  let isBroken = false;
  try {
    await client.query('BEGIN');
    const value = await work(client);
    await client.query('COMMIT');
    return value;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      isBroken = true; // the connection is gone, and the transaction with it
    });
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/** An error of pg as an error of the catalogue with its remedy; a bug in our SQL becomes `Internal`. */
export function asDatabaseError(error: unknown): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Class 28: invalid authorization; 3D000: no such database; 42501: insufficient privilege (PostgreSQL, appendix A).
  if (code.startsWith('28') || code === '3D000' || code === '42501') {
    return new KeepsakeError(
      'DatabaseAccessDenied',
      {
        what: 'Postgres refused access',
        got: reasonOf(error),
        remedy: 'Check the user, the password and the database name in DATABASE_URL.',
      },
      error,
    );
  }
  if (code === '42P01') {
    return new KeepsakeError(
      'DatabaseSchemaMissing',
      {
        what: 'a table of Keepsake is missing',
        got: reasonOf(error),
        remedy: 'Start the API once (it brings the schema), or check that DATABASE_URL names the right database.',
      },
      error,
    );
  }
  if (/^(22|23|42)/.test(code))
    return new KeepsakeError(
      'Internal',
      { what: 'Postgres refused a statement of ours', got: reasonOf(error), remedy: 'See the log for its cause.' },
      error,
    );
  return new KeepsakeError(
    'DatabaseUnavailable',
    {
      what: "Postgres can't be reached",
      got: reasonOf(error),
      remedy: 'Check that Postgres runs and that DATABASE_URL names it (npm run doctor).',
    },
    error,
  );
}
