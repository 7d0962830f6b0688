// P6: the process dies between any two steps of an upload or a delete. No reader ever sees a broken image, and the next
// process ends what was begun. A dead process is one whose every call to S3 and Postgres fails from step n on.
import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ImageJson, Page } from '../../src/shared/image.ts';
import type { Pool } from '../../src/shared/postgres.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { type AppUnderTest, imageForm, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { paddedImage, smallImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

let system: AppUnderTest;
const hourMs = 3_600_000;
const later = () => new Date(Date.now() + 2 * hourMs);

beforeAll(async () => {
  system = await startAppUnderTest();
});
afterAll(() => system.close());
afterEach(async () => {
  await system.pool.query('TRUNCATE images, outbox');
  const { Contents = [] } = await system.s3.send(new ListObjectsV2Command({ Bucket: system.bucketName }));
  for (const { Key } of Contents) await system.s3.send(new DeleteObjectCommand({ Bucket: system.bucketName, Key }));
});

/** A process that dies at its nth step: before it is done, or after it was done and before its answer came. */
function dyingAt(step: number, when: 'before' | 'after') {
  let steps = 0;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    steps++;
    if (steps > step || (steps === step && when === 'before')) throw new Error('the process is dead');
    const value = await work();
    if (steps >= step) throw new Error('the process is dead');
    return value;
  };
  const { AWS_S3_ENDPOINT_URL: endpoint } = system.env;
  const client: S3Client = createS3Client(
    { endpoint, region: 'us-east-1', bucket: 'x', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    { maxAttempts: 1 },
  );
  client.middlewareStack.add((next) => (args) => guard(() => next(args)), { step: 'initialize' });
  const query = (text: string, values?: unknown[]) => guard(() => system.pool.query(text, values));
  const connect = async () => {
    const connection = await system.pool.connect();
    const statement = (text: string, values?: unknown[]) => guard(() => connection.query(text, values));
    const guarded = new Proxy(connection, {
      get: (target, name, receiver) => (name === 'query' ? statement : Reflect.get(target, name, receiver)),
    });
    return guard(async () => guarded).catch((error: unknown) => {
      connection.release();
      throw error;
    });
  };
  const pool = new Proxy(system.pool, {
    get: (target, name, receiver) =>
      name === 'query' ? query : name === 'connect' ? connect : Reflect.get(target, name, receiver),
  }) as Pool;
  return { deps: { pool, bucket: { client, name: system.bucketName } }, hasDied: () => steps >= step };
}

/** Every image that can be listed can be read whole; resolves with how many there are. */
async function readAll(): Promise<number> {
  const page = (await (await fetch(`${system.url}/api/images/?limit=200`)).json()) as Page<ImageJson>;
  for (const image of page.results) {
    const response = await fetch(`${system.url}${image.image_url}`);
    expect([image.key, response.status, (await response.arrayBuffer()).byteLength]).toEqual([
      image.key,
      200,
      image.size_bytes,
    ]);
  }
  return page.results.length;
}

/** Starts the next process and waits for its clean-up: rows and objects agree, nothing is pending, nothing waits. */
async function settle(): Promise<void> {
  const { app, close } = await system.restart({ clock: later });
  app.startBackground();
  await waitFor('all to be ended', async () => {
    const { rows } = await system.pool.query<{ key: string; status: string }>('SELECT key, status FROM images');
    const outbox = await system.pool.query('SELECT 1 FROM outbox');
    const objects = await system.s3.send(new ListObjectsV2Command({ Bucket: system.bucketName }));
    const uploads = await system.s3.send(new ListMultipartUploadsCommand({ Bucket: system.bucketName }));
    const keys = (objects.Contents ?? []).map(({ Key }) => Key).sort();
    const isSettled =
      rows.every(({ status }) => status === 'stored') && outbox.rowCount === 0 && !uploads.Uploads?.length;
    return isSettled && JSON.stringify(keys) === JSON.stringify(rows.map(({ key }) => key).sort());
  });
  await close();
}

const bodies = { small: smallImage('image/png'), large: paddedImage('image/png', 5 * 1024 ** 2 + 1, 1) } as const;
const cases = Object.entries({ small: 4, large: 9 }).flatMap(([size, steps]) =>
  Array.from({ length: steps }, (_, index) => index + 1).flatMap((step) => [
    [size as keyof typeof bodies, step, 'before' as const],
    [size as keyof typeof bodies, step, 'after' as const],
  ]),
) as [keyof typeof bodies, number, 'before' | 'after'][];

test.each(cases)('upload, %s, dies at step %i, %s it is done', async (size, step, when) => {
  const { deps, hasDied } = dyingAt(step, when);
  const { url, close } = await system.restart(deps);
  const response = await fetch(`${url}/api/images/`, { method: 'POST', body: imageForm(bodies[size]) });
  await close();
  const acknowledged = response.status === 201 ? 1 : 0;
  expect(acknowledged === 1).toBe(!hasDied());
  expect(await readAll()).toBeGreaterThanOrEqual(acknowledged);
  await settle();
  expect(await readAll()).toBeGreaterThanOrEqual(acknowledged);
  deps.bucket.client.destroy();
});

test.each([1, 2, 3, 4, 5].flatMap((step) => [[step, 'before'] as const, [step, 'after'] as const]))(
  'delete dies at step %i, %s it is done',
  async (step, when) => {
    const image = await upload(system.url, bodies.small);
    const { deps } = dyingAt(step, when);
    const { url, close } = await system.restart(deps);
    const { status } = await fetch(`${url}/api/images/${image.id}/`, { method: 'DELETE' });
    await close();
    expect(status).toBe(503);
    const isDeleted = step === 5 && when === 'after'; // the commit is the one step that counts
    expect(await readAll()).toBe(isDeleted ? 0 : 1);
    await settle();
    expect(await readAll()).toBe(isDeleted ? 0 : 1);
    deps.bucket.client.destroy();
  },
);

test('finishes an upload whose object is whole', async () => {
  const image = await upload(system.url, bodies.small);
  await system.pool.query("UPDATE images SET status = 'pending'");
  expect((await fetch(`${system.url}/api/images/${image.id}/`)).status).toBe(404);
  expect((await fetch(`${system.url}${image.image_url}`)).status).toBe(404);
  await settle();
  expect(await readAll()).toBe(1);
});

test('leaves an upload alone that shows life', async () => {
  const image = await upload(system.url, bodies.small);
  await system.s3.send(new DeleteObjectCommand({ Bucket: system.bucketName, Key: image.key }));
  await system.pool.query("UPDATE images SET status = 'pending', uploaded_at = $1", [later()]);
  const stale = await upload(system.url, bodies.small);
  await system.pool.query("UPDATE images SET status = 'pending' WHERE id = $1", [stale.id]);
  const { app, close } = await system.restart({ clock: later });
  app.startBackground();
  await waitFor('the other to be ended', async () => (await readAll()) === 1);
  await close();
  const { rows } = await system.pool.query('SELECT status FROM images WHERE id = $1', [image.id]);
  expect(rows).toEqual([{ status: 'pending' }]);
});

test('does not delete the object of a row that is back', async () => {
  const image = await upload(system.url, bodies.small);
  await system.pool.query("INSERT INTO outbox (action, key) VALUES ('delete-object', $1)", [image.key]);
  const { app, close } = await system.restart();
  app.startBackground();
  await waitFor('the outbox to be empty', async () => (await system.pool.query('SELECT 1 FROM outbox')).rowCount === 0);
  await close();
  expect(await readAll()).toBe(1);
});
