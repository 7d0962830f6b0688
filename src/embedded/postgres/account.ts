// Postgres refuses to run as root, so for root it runs as the user `postgres`, made when it isn't there. Where that user
// can't enter the project (a home of mode 0700), the programs keep one right of root's: to pass through folders.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';

/** Who runs Postgres. Null ids: the user we are. */
export interface Account {
  readonly uid: number | null;
  readonly gid: number | null;
  /** The command line that runs `program` as this account. Null ids or reachable folders: the program itself. */
  command(program: string, args: readonly string[]): readonly [string, ...string[]];
  /** The options that spawn needs; empty when the command itself does. */
  readonly spawnAs: { readonly uid?: number; readonly gid?: number };
}

/**
 * The account for Postgres, which has to reach all of `places`.
 * @throws KeepsakeError `DataFolderUnusable` when we are root, its user can't reach a place, and nothing helps.
 */
export function findAccount(places: readonly string[]): Account {
  if (process.getuid?.() !== 0) {
    return { uid: null, gid: null, command: (program, args) => [program, ...args], spawnAs: {} };
  }
  const { uid, gid } = postgresUser();
  const barrier = places.map((place) => firstBarrier(place, uid, gid)).find((folder) => folder !== undefined);
  if (barrier === undefined) {
    return { uid, gid, command: (program, args) => [program, ...args], spawnAs: { uid, gid } };
  }
  assertCanPass(barrier);
  return { uid, gid, command: (program, args) => ['setpriv', ...passFolders(uid, gid), program, ...args], spawnAs: {} };
}

// Ids change, CAP_DAC_OVERRIDE stays, all else is dropped. no_setuid_fixup: access(2), by which Postgres looks for its
// own files, ignores capabilities of a user who isn't root without it (capabilities(7), SECBIT_NO_SETUID_FIXUP).
function passFolders(uid: number, gid: number): readonly string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=+dac_override',
    '--bounding-set=-all,+dac_override',
    '--securebits=+no_setuid_fixup',
  ];
}

function assertCanPass(barrier: string): void {
  try {
    execFileSync('setpriv', [...passFolders(65_534, 65_534), 'true'], { stdio: 'pipe' });
  } catch (error) {
    throw new KeepsakeError(
      'DataFolderUnusable',
      {
        what: `Postgres can't run here: as root it runs as the user postgres, who may not enter ${barrier}`,
        got: reasonOf(error),
        remedy: `Allow it (chmod o+x ${barrier}), move the project, run npm start as another user, or set DATABASE_URL.`,
      },
      error,
    );
  }
}

function postgresUser(): { readonly uid: number; readonly gid: number } {
  const found = lookUp('postgres');
  if (found) return found;
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
      {
        stdio: 'pipe',
      },
    );
  } catch (error) {
    throw noUser(error);
  }
  const made = lookUp('postgres');
  if (!made) throw noUser(undefined);
  return made;
}

function lookUp(name: string): { readonly uid: number; readonly gid: number } | undefined {
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe', encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined; // `id` fails for a user that doesn't exist
  }
}

function noUser(cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'NotConfigured',
    {
      what: 'Postgres refuses to run as root, and a user for it could not be made',
      ...(cause !== undefined && { got: reasonOf(cause) }),
      remedy: 'Add a user named postgres, run npm start as another user, or set DATABASE_URL to a Postgres of yours.',
    },
    cause,
  );
}

/** The first folder on the way to `place` that this user may not pass through; undefined when the way is free. */
export function firstBarrier(place: string, uid: number, gid: number): string | undefined {
  const parts = path.resolve(place).split(path.sep).slice(1);
  const folders = ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
  return folders.find((folder) => {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) return false;
    if (stat.uid === uid) return (stat.mode & 0o100) === 0;
    return (stat.mode & (stat.gid === gid ? 0o010 : 0o001)) === 0;
  });
}
