// The API with a database and a bucket of its own: real Postgres, real S3 (LocalStack where there is one, else fauxqs).
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { inject } from 'vitest';
import { type App, type AppDeps, createApp, type Listening, listen, readAppConfig } from '../../src/app/index.ts';
import type { ImageJson } from '../../src/shared/image.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { createPool, migrate, type Pool } from '../../src/shared/postgres.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { createTestDatabase } from './postgres.ts';

export interface AppUnderTest {
  readonly app: App;
  readonly listening: Listening;
  readonly url: string;
  readonly pool: Pool;
  /** A client of the test's own, with no faults. */
  readonly s3: S3Client;
  readonly bucketName: string;
  readonly env: Readonly<Record<string, string>>;
  /** Another app on the same database and bucket, as after a restart. The caller closes it. */
  restart(
    changes?: Partial<AppDeps>,
    env?: Readonly<Record<string, string>>,
  ): Promise<{ app: App; url: string; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** Starts the app on a free port, without its background work. `env` overrides settings. */
export async function startAppUnderTest(
  env: Readonly<Record<string, string>> = {},
  changes: Partial<AppDeps> = {},
): Promise<AppUnderTest> {
  const database = await createTestDatabase();
  const endpoint = await startS3();
  const settings = {
    DATABASE_URL: database.url,
    AWS_S3_ENDPOINT_URL: endpoint.url,
    AWS_STORAGE_BUCKET_NAME: `app-${randomBytes(6).toString('hex')}`,
    PORT: '0',
    ...env,
  };
  const config = readAppConfig(settings);
  await migrate(config.databaseUrl, silentLogger());
  const pool = createPool(config.databaseUrl, { logger: silentLogger() });
  const s3 = createS3Client(config.s3);
  await s3.send(new CreateBucketCommand({ Bucket: config.s3.bucket }));

  const start = async (deps: Partial<AppDeps>, overrides: Readonly<Record<string, string>> = {}) => {
    const app = createApp({
      config: readAppConfig({ ...settings, ...overrides }),
      pool,
      bucket: { client: s3, name: config.s3.bucket },
      logger: silentLogger(),
      integrity: null,
      ...deps,
    });
    const listening = await listen(app.handler, { host: '127.0.0.1', port: 0 });
    return {
      app,
      listening,
      url: listening.url,
      async close() {
        await listening.close(1_000);
        await app.close();
      },
    };
  };
  const first = await start(changes);
  return {
    ...first,
    pool,
    s3,
    bucketName: config.s3.bucket,
    env: settings,
    restart: start,
    async close() {
      await first.close();
      await pool.end();
      s3.destroy();
      await endpoint.stop();
      await database.drop();
    },
  };
}

async function startS3(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const localstackUrl = inject('localstackUrl');
  if (localstackUrl !== null) return { url: localstackUrl, stop: async () => {} };
  const fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  return { url: `http://127.0.0.1:${fauxqs.port}`, stop: () => fauxqs.stop() };
}

/** A form with one image, as a browser sends it. */
export function imageForm(
  body: Uint8Array,
  options: { readonly name?: string; readonly title?: string } = {},
): FormData {
  const form = new FormData();
  if (options.title !== undefined) form.set('title', options.title);
  form.set('image', new Blob([Buffer.from(body)]), options.name ?? 'image.png');
  return form;
}

/** Uploads an image and returns it; throws unless it is answered 201. */
export async function upload(
  url: string,
  body: Uint8Array,
  options: Parameters<typeof imageForm>[1] = {},
): Promise<ImageJson> {
  const response = await fetch(`${url}/api/images/`, { method: 'POST', body: imageForm(body, options) });
  if (response.status !== 201) throw new Error(`upload answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as ImageJson;
}
