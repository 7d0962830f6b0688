// Servers that all test files of a run share: one Postgres (DATABASE_URL, else a container, else the embedded
// binaries) and one LocalStack (AWS_S3_ENDPOINT_URL, else a container, else none). Torn down with the run.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres as startEmbeddedPostgres } from '../../src/embedded/postgres/server.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { canRunImages } from './requirements.ts';

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

const postgresImage = 'postgres:18';
const localStackImage = 'localstack/localstack:4.14.0';

type Teardown = () => Promise<unknown>;

export default async function setup(project: TestProject): Promise<Teardown> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-test-'));
  await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
  const hasDocker = canRunImages([postgresImage, localStackImage, ...reaperImages()]);
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

// testcontainers removes what it started by a container of its own, unless told not to. Source: its docs, "Configuration".
function reaperImages(): string[] {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED === 'true') return [];
  return [process.env.RYUK_CONTAINER_IMAGE ?? 'testcontainers/ryuk:0.14.0'];
}

async function startPostgres(folder: string, hasDocker: boolean): Promise<{ url: string; stop: Teardown }> {
  const given = process.env.DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  if (hasDocker) {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql'); // not loaded where it is not used
    const container = await new PostgreSqlContainer(postgresImage).start();
    return { url: container.getConnectionUri(), stop: () => container.stop() };
  }
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
  if (!hasDocker) return { url: null, stop: async () => {} };
  const { LocalstackContainer } = await import('@testcontainers/localstack');
  const container = await new LocalstackContainer(localStackImage).withEnvironment({ SERVICES: 's3' }).start();
  return { url: container.getConnectionUri(), stop: () => container.stop() };
}
