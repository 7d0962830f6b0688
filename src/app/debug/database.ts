// Postgres as this process sees it.
import { z } from 'zod';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import type { DebugDeps } from './deps.ts';
import { foundSchema, look } from './finding.ts';

const countsSchema = z.object({ stored: z.number(), pending: z.number(), outbox: z.number() });

export const databaseSchema = z.object({
  url: z.string().nullable(),
  version: foundSchema(z.string()),
  migrations: foundSchema(z.array(z.string())),
  counts: foundSchema(countsSchema),
  connections: z.object({ total: z.number(), idle: z.number(), waiting: z.number() }),
});

export async function lookAtDatabase({ config, pool }: DebugDeps): Promise<z.infer<typeof databaseSchema>> {
  const [version, migrations, counts] = await Promise.all([
    look(async () => String((await ask(pool, 'SELECT version()'))[0]?.version)),
    look(async () =>
      (await ask(pool, 'SELECT name FROM schema_migrations ORDER BY id')).map(({ name }) => String(name)),
    ),
    look(async () => countsSchema.parse((await ask(pool, countsSql))[0])),
  ]);
  return {
    url: config.shown.find(({ name }) => name === 'DATABASE_URL')?.value ?? null,
    version,
    migrations,
    counts,
    connections: { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount },
  };
}

const countsSql = `SELECT (SELECT count(*)::int FROM images WHERE status = 'stored') AS stored,
                          (SELECT count(*)::int FROM images WHERE status = 'pending') AS pending,
                          (SELECT count(*)::int FROM outbox) AS outbox`;

async function ask(pool: Pool, text: string): Promise<Record<string, unknown>[]> {
  try {
    return (await pool.query(text)).rows;
  } catch (error) {
    throw asDatabaseError(error);
  }
}
