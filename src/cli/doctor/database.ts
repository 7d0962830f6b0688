// Postgres: does it answer, are we let in, has it our schema, what does it hold?
import { readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { asDatabaseError } from '../../shared/postgres.ts';
import { requireDatabase, type System } from '../system.ts';
import { countOf } from '../words.ts';
import { type Diagnosis, diagnose, fault, ok, skipped } from './diagnosis.ts';

const migrations = readdirSync(path.join(import.meta.dirname, '../../shared/migrations'))
  .filter((file) => file.endsWith('.sql'))
  .map((file) => path.basename(file, '.sql'));

export async function diagnoseDatabase(system: System): Promise<readonly Diagnosis[]> {
  let client: pg.Client | undefined;
  try {
    const connection = await diagnose('database', async () => {
      client = new pg.Client({ connectionString: requireDatabase(system), connectionTimeoutMillis: 5_000 });
      client.on('error', () => {}); // told by the query that meets it
      await client.connect().catch((error: unknown) => {
        throw asDatabaseError(error);
      });
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return ok('database', `Postgres ${rows[0]?.server_version} at ${client.host}:${client.port}`);
    });
    if (connection.state !== 'ok' || !client) return [connection, skipped('schema', 'Postgres does not answer')];
    const connected = client;
    return [connection, await diagnose('schema', () => compareSchema(connected))];
  } finally {
    await client?.end().catch(() => {}); // never connected: nothing to end
  }
}

async function compareSchema(client: pg.Client): Promise<Diagnosis> {
  const { rows: tables } = await client.query("SELECT to_regclass('schema_migrations') AS found");
  const applied = tables[0]?.found
    ? (await client.query<{ name: string }>('SELECT name FROM schema_migrations')).rows.map(({ name }) => name)
    : [];
  const missing = migrations.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !migrations.includes(name));
  if (missing.length > 0) {
    return fault('schema', `not applied: ${missing.join(', ')}`, 'Start the API (npm start): it brings the schema.');
  }
  if (unknown.length > 0) {
    return fault('schema', `newer than this version: ${unknown.join(', ')}`, 'Use the version that brought it.');
  }
  const { rows } = await client.query<{ count: string }>("SELECT count(*) FROM images WHERE status = 'stored'");
  return ok('schema', `complete; ${countOf(Number(rows[0]?.count ?? 0), 'stored image')}`);
}
