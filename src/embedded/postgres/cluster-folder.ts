// Making Postgres' data folder: initdb into a folder beside it, renamed when it is whole, so that a crash half-way
// leaves nothing that looks like a database. The password is random, and stands in a file of mode 0600.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KeepsakeError } from '../../shared/errors.ts';
import { asFolderError } from '../data-folder.ts';
import type { Account } from './account.ts';

export const databaseUser = 'keepsake';

export interface ClusterPlaces {
  /** Postgres' data folder. */
  readonly folder: string;
  /** The file that holds the password of its user. */
  readonly password: string;
}

/**
 * Makes the folder when there is none.
 * @throws KeepsakeError `DataFolderUnusable`, `DiskFull`
 */
export async function ensureCluster(places: ClusterPlaces, initdb: string, account: Account): Promise<void> {
  if (existsSync(path.join(places.folder, 'PG_VERSION'))) {
    assertPassword(places);
    return;
  }
  const draft = `${places.folder}.new`;
  const passwordCopy = `${places.password}.initdb`;
  try {
    for (const leftover of [draft, passwordCopy]) rmSync(leftover, { recursive: true, force: true });
    const password = randomBytes(24).toString('base64url');
    writeFileSync(places.password, password, { mode: 0o600 });
    writeFileSync(passwordCopy, password, { mode: 0o600 });
    mkdirSync(draft, { mode: 0o700 });
    if (account.uid !== null && account.gid !== null) {
      for (const one of [draft, passwordCopy]) chownSync(one, account.uid, account.gid);
    }
    await runInitdb(initdb, account, [
      `--pgdata=${draft}`,
      `--username=${databaseUser}`,
      `--pwfile=${passwordCopy}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]);
    renameSync(draft, places.folder);
  } catch (error) {
    throw asFolderError(error, places.folder);
  } finally {
    rmSync(passwordCopy, { force: true });
  }
}

/** The password of `databaseUser`. */
export function readPassword({ password }: ClusterPlaces): string {
  return readFileSync(password, 'utf8').trim();
}

function assertPassword(places: ClusterPlaces): void {
  if (!existsSync(places.password)) {
    throw new KeepsakeError('DataFolderUnusable', {
      what: `the password of the Postgres in ${places.folder} is gone`,
      expected: `the file ${places.password}`,
      remedy: 'Put the file back, or move the folder away to begin with an empty database.',
    });
  }
  chmodSync(places.password, 0o600);
}

function runInitdb(initdb: string, account: Account, args: readonly string[]): Promise<void> {
  const [program, ...rest] = account.command(initdb, args);
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      ...account.spawnAs,
      cwd: '/',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim().replaceAll('\n', ' ') || `initdb ended with ${code}`));
    });
  });
}
