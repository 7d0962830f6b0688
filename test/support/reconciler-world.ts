// A bucket, a database and a reconciler of their own for a test, with images put straight into both. S3 is LocalStack
// when one answers, else the in-process emulator. The keeper is a double that holds bytes and puts them back.
import { createHash, randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { inject } from 'vitest';
import {
  createReconciler,
  type Reconciler,
  type ReconcilerDeps,
  readReconcilerConfig,
} from '../../src/reconciler/index.ts';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { imageKey, newImageId, toObjectMetadata } from '../../src/shared/image.ts';
import type { KeeperClient, KeptVersion } from '../../src/shared/keeper-api.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { createPool, migrate, type Pool } from '../../src/shared/postgres.ts';
import { type Bucket, createS3Client } from '../../src/shared/s3/client.ts';
import { createTestDatabase } from './postgres.ts';

export interface World {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperDouble;
  readonly deps: ReconcilerDeps;
  readonly reconciler: Reconciler;
  /** Stores an image in both sides; answers with its key. */
  addImage(options?: { readonly body?: string; readonly title?: string }): Promise<string>;
  /** Puts an object that no row knows. */
  putObject(key: string, body: string, metadata?: Record<string, string>, contentType?: string): Promise<void>;
  removeObject(key: string): Promise<void>;
  /** The bytes under a key as text, or undefined. */
  bodyOf(key: string): Promise<string | undefined>;
  keysUnder(prefix: string): Promise<string[]>;
  rowCount(): Promise<number>;
  /** Empties both sides and the reconciler's memory. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** A keeper that remembers what tests give it. `isDown` makes it unreachable. */
export interface KeeperDouble extends KeeperClient {
  isDown: boolean;
  storeId: string;
  readonly kept: Map<string, string[]>;
}

/** The caller closes it. `endpoint`: an S3 to use instead. */
export async function createWorld(options: { readonly endpoint?: string } = {}): Promise<World> {
  const given = options.endpoint ?? inject('localstackUrl');
  const emulator = given ? undefined : await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const endpoint = given ?? `http://127.0.0.1:${emulator?.port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const name = `reconciler-${randomUUID().slice(0, 18)}`;
  const client = createS3Client({ endpoint, region: 'us-east-1', bucket: name, credentials }, { maxAttempts: 1 });
  const bucket: Bucket = { client, name };
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const database = await createTestDatabase();
  await migrate(database.url, silentLogger());
  const pool = createPool(database.url, { logger: silentLogger() });
  const keeper = createKeeperDouble(bucket);
  const config = { ...readReconcilerConfig({}), findingsFolder: null };
  const deps: ReconcilerDeps = { config, pool, bucket, keeper, logger: silentLogger(), publisher: null };

  const world: World = {
    pool,
    bucket,
    keeper,
    deps,
    reconciler: createReconciler(deps),
    async addImage({ body = `bytes of ${randomUUID()}`, title = 'a title' } = {}) {
      const id = newImageId();
      const key = imageKey(id, 'image/png');
      const sha256 = createHash('sha256').update(body).digest('hex');
      const uploadedAt = new Date();
      await world.putObject(key, body, toObjectMetadata({ id, title, originalName: 'a.png', uploadedAt }), 'image/png');
      await pool.query(
        `INSERT INTO images (id, key, title, original_name, content_type, size_bytes, sha256, status, uploaded_at)
         VALUES ($1, $2, $3, 'a.png', 'image/png', $4, $5, 'stored', $6)`,
        [id, key, title, Buffer.byteLength(body), sha256, uploadedAt],
      );
      keeper.kept.set(key, [body]);
      return key;
    },
    async putObject(Key, Body, Metadata = {}, ContentType = 'image/png') {
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body, Metadata, ContentType }));
    },
    async removeObject(Key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key }));
    },
    async bodyOf(Key) {
      const answer = await client.send(new GetObjectCommand({ Bucket: name, Key })).catch((error: Error) => {
        if (error.name === 'NoSuchKey') return undefined;
        throw error;
      });
      return answer?.Body?.transformToString();
    },
    async keysUnder(Prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name, Prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async rowCount() {
      return (await pool.query('SELECT FROM images')).rowCount ?? 0;
    },
    async clear() {
      for (const key of await world.keysUnder('')) await world.removeObject(key);
      await pool.query('TRUNCATE images, outbox, integrity_runs, integrity_findings, integrity_actions');
      keeper.kept.clear();
      keeper.isDown = false;
    },
    async close() {
      await world.clear();
      await client.send(new DeleteBucketCommand({ Bucket: name }));
      client.destroy();
      await pool.end();
      await database.drop();
      await emulator?.stop();
    },
  };
  return world;
}

function createKeeperDouble({ client, name }: Bucket): KeeperDouble {
  const assertUp = (): void => {
    if (double.isDown) throw new KeepsakeError('KeeperUnreachable', { what: "the keeper can't be reached" });
  };
  const versionsOf = (key: string): KeptVersion[] =>
    (double.kept.get(key) ?? []).map((body, index) => ({
      versionId: String(index),
      bucket: name,
      key,
      state: index === 0 ? 'current' : 'overwritten',
      sizeBytes: Buffer.byteLength(body),
      etag: '',
      contentType: 'image/png',
      metadata: {},
      savedAt: new Date().toISOString(),
      retiredAt: null,
      expiresAt: null,
    }));
  const double: KeeperDouble = {
    isDown: false,
    storeId: randomUUID(),
    kept: new Map(),
    async status() {
      assertUp();
      return {
        version: '0',
        state: 'ready',
        storeId: double.storeId,
        storeCreatedAt: '',
        session: null,
        upstream: '',
        restore: {
          objectsDone: 0,
          objectsTotal: 0,
          bytesDone: 0,
          bytesTotal: 0,
          secondsLeft: null,
          startedAt: null,
          finishedAt: null,
        },
        counts: { buckets: 1, objects: 0, bytes: 0, retired: 0, retiredBytes: 0 },
        lag: { changes: 0, oldestChangeMs: 0, commits: 0, oldestCommitMs: 0 },
        disk: null,
        damaged: [],
      };
    },
    async versions(_bucket, key) {
      assertUp();
      return versionsOf(key);
    },
    async restore({ key, versionId }) {
      assertUp();
      const body = double.kept.get(key)?.[Number(versionId)];
      const version = versionsOf(key)[Number(versionId)];
      if (body === undefined || !version) throw new KeepsakeError('VersionNotFound', { what: 'no such version' });
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body, ContentType: 'image/png' }));
      return version;
    },
  };
  return double;
}
