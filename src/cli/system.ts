// Which system a command talks to: the one that the settings name, else the `npm start` that runs on the data folder.
import path from 'node:path';
import { findRunning, folderLayout, type RunFile } from '../embedded/index.ts';
import type { Environment } from '../shared/config.ts';
import { KeepsakeError } from '../shared/errors.ts';
import { readS3Config, type S3Config } from '../shared/s3/settings.ts';

export interface System {
  /** The environment with what was found filled in: every part reads its settings from it. */
  readonly env: Environment;
  readonly databaseUrl: string | undefined;
  readonly s3: S3Config;
  /** The `npm start` that is spoken to; undefined when the settings name the system. */
  readonly running: RunFile | undefined;
}

/**
 * Looks for the system. A database that is not known is left undefined: some commands need none.
 * @throws KeepsakeError `InvalidSettings` when half of it is set and the other half would be that of another system
 */
export function findSystem(env: Environment): System {
  const folder = path.resolve(env.KEEPSAKE_DATA || '.keepsake');
  const running = env.DATABASE_URL && env.AWS_S3_ENDPOINT_URL ? undefined : findRunning(folderLayout(folder));
  if (running) assertOneSystem(env, running);
  const databaseUrl = env.DATABASE_URL || running?.databaseUrl;
  const endpoint = env.AWS_S3_ENDPOINT_URL || running?.s3Url || undefined;
  const filled = {
    ...env,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    ...(endpoint && { AWS_S3_ENDPOINT_URL: endpoint }),
  };
  return { env: filled, databaseUrl, s3: readS3Config(filled), running };
}

// P9: rows of one system compared with objects of another would look like a lost side.
function assertOneSystem(env: Environment, running: RunFile): void {
  const [set, unset] = env.DATABASE_URL
    ? ['DATABASE_URL', 'AWS_S3_ENDPOINT_URL']
    : ['AWS_S3_ENDPOINT_URL', 'DATABASE_URL'];
  const ofRunning = env.DATABASE_URL ? running.databaseUrl : running.s3Url;
  const given = env[set]?.replace(/\/+$/, '');
  if (!given || given === ofRunning?.replace(/\/+$/, '')) return;
  throw new KeepsakeError('InvalidSettings', {
    what: `${set} is set and names another system than the npm start that runs here, and ${unset} is not set`,
    expected: 'both, or none of them',
    remedy: `Set ${unset} too, or unset ${set} to talk to the running npm start.`,
  });
}

/** @throws KeepsakeError `NotConfigured` with both remedies when no database is known. */
export function requireDatabase({ databaseUrl, env }: System): string {
  if (databaseUrl) return databaseUrl;
  throw new KeepsakeError('NotConfigured', {
    what: `no system is known: DATABASE_URL is not set, and no npm start runs on ${path.resolve(env.KEEPSAKE_DATA || '.keepsake')}`,
    remedy: 'Start one (npm start) in another terminal, or set DATABASE_URL and AWS_S3_ENDPOINT_URL to yours.',
  });
}

/** Uploads older than the running system's start have no process any more; unknown when the settings name the system. */
export function uploadsBegan({ running }: System): { readonly noUploadsBefore?: Date } {
  return running ? { noUploadsBefore: new Date(running.startedAt) } : {};
}
