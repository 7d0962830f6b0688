// Servers that all test files of a run share: one Postgres (DATABASE_URL, else a container, else the embedded
// binaries) and one LocalStack (AWS_S3_ENDPOINT_URL, else a container, else none). Torn down with the run.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { LocalstackContainer } from '@testcontainers/localstack';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import type { TestProject } from 'vitest/node';
import { startPostgres as startEmbeddedPostgres } from '../../src/embedded/postgres/server.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { hasDockerEngine } from './requirements.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a Postgres whose user may create databases. */
    databaseUrl: string;
    /** Endpoint of a bare LocalStack, or null. */
    localstackUrl: string | null;
    hasDocker: boolean;
    /** File that collects what could not run. */
    unmetFile: string;
  }
}

type Teardown = () => Promise<unknown>;

export default async function setup(project: TestProject): Promise<Teardown> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-test-'));
  await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
  const hasDocker = hasDockerEngine();
  const [postgres, localstack] = await Promise.all([startPostgres(folder, hasDocker), startLocalStack(hasDocker)]);
  project.provide('hasDocker', hasDocker);
  project.provide('databaseUrl', postgres.url);
  project.provide('localstackUrl', localstack.url);
  project.provide('unmetFile', path.join(folder, 'unmet.ndjson'));
  process.env.KEEPSAKE_UNMET_FILE = path.join(folder, 'unmet.ndjson');
  return async () => {
    await Promise.all([postgres.stop(), localstack.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
}

async function startPostgres(folder: string, hasDocker: boolean): Promise<{ url: string; stop: Teardown }> {
  const given = process.env.DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  const container = hasDocker
    ? await startOrExplain('Postgres', () => new PostgreSqlContainer('postgres:18').start())
    : undefined;
  if (container) return { url: container.getConnectionUri(), stop: () => container.stop() };
  return startEmbeddedPostgres({
    folder: path.join(folder, 'postgres'),
    password: path.join(folder, 'postgres-password'),
    logFile: path.join(folder, 'postgres.log'),
    logger: silentLogger(),
    settings: { fsync: 'off', max_connections: '200' }, // its data ends with the run
    onLost: (error) => {
      throw error;
    },
  });
}

async function startLocalStack(hasDocker: boolean): Promise<{ url: string | null; stop: Teardown }> {
  const given = process.env.AWS_S3_ENDPOINT_URL;
  if (given) return { url: given, stop: async () => {} };
  const localstack = new LocalstackContainer('localstack/localstack:4.14.0').withEnvironment({ SERVICES: 's3' });
  const container = hasDocker ? await startOrExplain('LocalStack', () => localstack.start()) : undefined;
  return container
    ? { url: container.getConnectionUri(), stop: () => container.stop() }
    : { url: null, stop: async () => {} };
}

/** An engine that answers may still have no image and no registry: said, and the tests go on without, unless CI requires it. */
async function startOrExplain<T>(what: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (process.env.KEEPSAKE_REQUIRE?.split(',').includes('docker')) throw error;
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    console.warn(`No ${what} from the Docker engine (${reason}); going on without.`);
    return undefined;
  }
}
