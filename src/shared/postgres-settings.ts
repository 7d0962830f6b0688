// Where Postgres is. Loads no driver: a part that only reads settings starts fast.
import { type Environment, optionalUrl, readSettings } from './config.ts';

export const databaseSettings = {
  databaseUrl: optionalUrl(
    'DATABASE_URL',
    'where Postgres answers: postgres://user:password@host:5432/name',
    ['postgres:', 'postgresql:'],
    { isSecret: true },
  ),
} as const;

/** @throws KeepsakeError `InvalidSettings` when DATABASE_URL is missing or no Postgres URL. Its value is never shown. */
export function readDatabaseUrl(env: Environment): string {
  const { databaseUrl } = readSettings(env, databaseSettings, (values) =>
    values.databaseUrl
      ? []
      : [
          {
            what: 'DATABASE_URL is not set',
            expected: 'postgres://user:password@host:5432/name',
            remedy: 'Set DATABASE_URL; npm start brings a Postgres of its own and needs none.',
          },
        ],
  );
  return databaseUrl ?? '';
}
