// The API as its operators see it: health, metrics, its own description, debug views, the integrity routes, the page.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAppConfig } from '../../src/app/index.ts';
import { KeepsakeError } from '../../src/shared/errors.ts';
import type { IntegrityService, RunProgress } from '../../src/shared/integrity-service.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { createPool } from '../../src/shared/postgres.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { type AppUnderTest, startAppUnderTest, upload } from '../support/app-under-test.ts';
import { smallImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

let system: AppUnderTest;
let webFolder: string;

beforeAll(async () => {
  webFolder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-web-'));
  await mkdir(path.join(webFolder, 'assets'));
  await writeFile(path.join(webFolder, 'index.html'), '<!doctype html><title>Page</title>');
  await writeFile(path.join(webFolder, 'assets', 'index-abc123.js'), 'export {};');
  system = await startAppUnderTest({}, { webFolder });
});
afterAll(async () => {
  await system.close();
  await rm(webFolder, { recursive: true });
});

const get = (path: string, init?: RequestInit) => fetch(`${system.url}${path}`, init);
const json = async (path: string, init?: RequestInit) => {
  const response = await get(path, init);
  return { status: response.status, body: await response.json(), headers: response.headers };
};

/** An app whose S3 and Postgres both refuse connections. */
async function startInOutage() {
  const nowhere = {
    ...system.env,
    DATABASE_URL: 'postgres://u:hidden@127.0.0.1:9/x',
    AWS_S3_ENDPOINT_URL: 'http://127.0.0.1:9',
  };
  const config = readAppConfig(nowhere);
  const pool = createPool(config.databaseUrl, { logger: silentLogger() });
  const client = createS3Client(config.s3, { maxAttempts: 1 });
  const { url, close } = await system.restart({ config, pool, bucket: { client, name: 'x-bucket' } });
  return {
    url,
    async close() {
      await close();
      await pool.end();
      client.destroy();
    },
  };
}

test('is alive and ready when all is there', async () => {
  expect(await json('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await json('/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ready', checks: { database: { ok: true }, s3: { ok: true } } },
  });
});

test('is alive but not ready in an outage, and its debug views still say what they see', async () => {
  const { url, close } = await startInOutage();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await ready.json()).toMatchObject({
    status: 'not ready',
    checks: { database: { ok: false, reason: expect.stringContaining('DATABASE_URL') }, s3: { ok: false } },
  });
  const s3 = await fetch(`${url}/api/debug/s3/`);
  expect([s3.status, await s3.json()]).toMatchObject([
    200,
    { bucket_exists: { value: null, error: { code: 'S3Unavailable' } } },
  ]);
  const database = await fetch(`${url}/api/debug/database/`);
  expect([database.status, await database.json()]).toMatchObject([
    200,
    { url: 'postgres://u:***@127.0.0.1:9/x', version: { error: { code: 'DatabaseUnavailable' } } },
  ]);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  const list = await fetch(`${url}/api/images/`);
  expect([list.status, list.headers.get('retry-after')]).toEqual([503, '2']);
  await close();
});

test('debug views show the world and mask secrets', async () => {
  expect(await json('/api/debug/s3/')).toMatchObject({
    status: 200,
    body: { bucket: system.bucketName, bucket_exists: { value: true }, first_page: { value: { is_truncated: false } } },
  });
  expect(await json('/api/debug/database/')).toMatchObject({
    status: 200,
    body: {
      version: { value: expect.stringContaining('PostgreSQL') },
      migrations: { value: expect.arrayContaining(['0001_images']) },
    },
  });
  const { body } = await json('/api/debug/config/');
  const password = new URL(system.env.DATABASE_URL ?? '').password;
  expect(password).not.toBe('');
  expect(JSON.stringify(body)).not.toContain(`:${password}@`);
  expect(body.settings).toContainEqual(expect.objectContaining({ name: 'PORT', value: '0', source: 'environment' }));
  expect(body.settings).toContainEqual(expect.objectContaining({ name: 'UPLOAD_GRACE', source: 'default' }));
});

test('counts requests by route template, uploads, and what waits in the outbox', async () => {
  const { id } = await upload(system.url, smallImage('image/png'));
  await get(`/api/images/${id}/`);
  const text = await (await get('/metrics')).text();
  expect(text).toMatch(
    /keepsake_http_request_duration_seconds_count\{method="GET",route="\/api\/images\/\{id\}\/",status="200"\} 1/,
  );
  expect(text).toMatch(/keepsake_uploads_total\{outcome="stored"\} 1/);
  expect(text).toMatch(/keepsake_outbox_entries 0/);
  expect(text).not.toContain(id);
});

test('the OpenAPI document names every route there is, and no other', async () => {
  const { body } = await json('/api/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  const documented = Object.entries(body.paths as Record<string, object>).flatMap(([template, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${template}`),
  );
  expect(documented.toSorted()).toMatchInlineSnapshot(`
    [
      "DELETE /api/images/{id}/",
      "GET /api/debug/config/",
      "GET /api/debug/database/",
      "GET /api/debug/s3/",
      "GET /api/images/",
      "GET /api/images/{id}/",
      "GET /api/integrity/",
      "GET /api/integrity/actions/",
      "GET /api/integrity/runs/{id}/",
      "GET /api/integrity/runs/{id}/events",
      "GET /api/openapi.json",
      "GET /api/s3-image/{key}",
      "GET /api/thumbnails/{width}/{key}",
      "GET /healthz",
      "GET /metrics",
      "GET /readyz",
      "HEAD /api/s3-image/{key}",
      "PATCH /api/images/{id}/",
      "POST /api/images/",
      "POST /api/integrity/actions/{id}/undo",
      "POST /api/integrity/runs/",
    ]
  `);
  for (const one of documented) {
    const [method = '', template = ''] = one.split(' ');
    const answer = await get(template.replace('{id}', 'x').replace('{key}', 'x'), { method });
    const code =
      method === 'HEAD'
        ? answer.status
        : (((await answer.json().catch(() => ({}))) as { error?: { code: string } }).error?.code ?? '');
    expect([one, code]).not.toEqual([one, 'NotFound']);
    expect([one, answer.status]).not.toEqual([one, 405]);
  }
  expect(body.components).toHaveProperty('schemas.Error.properties.error.properties.remedy');
});

test.each([
  ['PUT', '/api/images/', 'POST, GET, HEAD'],
  ['DELETE', '/healthz', 'GET, HEAD'],
])('%s %s is 405 and says what is allowed', async (method, where, allow) => {
  const { status, headers, body } = await json(where, { method });
  expect([status, headers.get('allow'), body.error.code]).toEqual([405, allow, 'MethodNotAllowed']);
});

test('takes over a sane request id, and makes one instead of another', async () => {
  expect((await get('/healthz', { headers: { 'x-request-id': 'abc-1' } })).headers.get('x-request-id')).toBe('abc-1');
  expect((await get('/healthz', { headers: { 'x-request-id': 'a b' } })).headers.get('x-request-id')).toMatch(
    /^[0-9a-f-]{36}$/,
  );
});

test('serves the page with a strict policy, its assets for ever, and no page below /api/', async () => {
  for (const where of ['/', '/images/1', '/integrity']) {
    const page = await get(where, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  }
  const asset = await get('/assets/index-abc123.js');
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect((await get('/api/nothing', { headers: { accept: 'text/html' } })).status).toBe(404);
  expect((await get('/nothing', { headers: { accept: 'application/json' } })).status).toBe(404);
  expect((await get('/assets/gone.js')).status).toBe(404);
  expect((await get('/..%2f..%2fetc/passwd')).status).not.toBe(200);
});

const integrityRequests = [
  ['GET', ''],
  ['POST', 'runs/'],
  ['GET', 'runs/x/'],
  ['GET', 'runs/x/events'],
  ['GET', 'actions/'],
  ['POST', 'actions/x/undo'],
] as const;

test.each(integrityRequests)(
  'without the reconciler %s /api/integrity/%s is 501 with the remedy',
  async (method, where) => {
    const { status, body } = await json(`/api/integrity/${where}`, { method });
    expect([status, body.error.code]).toEqual([501, 'NotConfigured']);
    expect(body.error.remedy).toContain('npm run check');
  },
);

const runId = '01890000-0000-7000-8000-000000000001';

/** A service that is at its first step until it is told to go on: what the routes do is seen without a reconciler. */
function steppedService() {
  const goOn = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const service: IntegrityService = {
    latest: async () => null,
    report: async () => {
      throw new KeepsakeError('NotFound', { what: 'no such run' });
    },
    history: async () => [],
    running: () => runId,
    async start(request) {
      seen.push(request);
      return { runId };
    },
    async *progress(id, signal): AsyncGenerator<RunProgress> {
      if (id !== runId) throw new KeepsakeError('NotFound', { what: 'no such run' });
      yield { kind: 'progress', runId, phase: 'observe', done: 1, total: null };
      signal.addEventListener('abort', () => {
        seen.push('left');
        goOn.resolve();
      });
      await goOn.promise;
      yield { kind: 'failed', runId, code: 'S3Unavailable', message: 'gone' };
    },
    actions: async () => [],
    undo: async () => {
      throw new KeepsakeError('ActionNotUndoable', { what: 'too late' });
    },
  };
  return { service, seen, goOn: goOn.resolve };
}

test('starts runs, tells their progress to the end, and passes errors on', async () => {
  const { service, seen, goOn } = steppedService();
  const { url, close } = await system.restart({ integrity: service });
  const post = (where: string, body: unknown) =>
    fetch(`${url}/api/integrity/${where}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  const started = await post('runs/', { mode: 'preview', clean_s3: true });
  expect([started.status, started.headers.get('location')]).toEqual([202, `/api/integrity/runs/${runId}/`]);
  expect(await started.json()).toEqual({ run_id: runId });
  expect(seen).toEqual([{ mode: 'preview', shouldCleanS3: true, shouldCleanAll: false }]);
  expect((await post('runs/', { mode: 'delete everything' })).status).toBe(400);
  expect((await post('runs/', { mode: 'check', surprise: 1 })).status).toBe(400);
  expect(await (await fetch(`${url}/api/integrity/`)).json()).toEqual({ latest: null, history: [], running: runId });
  expect((await post(`actions/${runId}/undo`, {})).status).toBe(409);
  expect((await fetch(`${url}/api/integrity/runs/${crypto.randomUUID()}/events`)).status).toBe(404);

  const events = await fetch(`${url}/api/integrity/runs/${runId}/events`);
  expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  expect(first?.value).toBe(
    `event: progress\ndata: ${JSON.stringify({ kind: 'progress', runId, phase: 'observe', done: 1, total: null })}\n\n`,
  );
  goOn();
  expect((await reader?.read())?.value).toMatch(/^event: failed\ndata: .*"S3Unavailable"/);
  expect((await reader?.read())?.done).toBe(true);
  await close();
});

test('a listener that leaves ends its own listening', async () => {
  const { service, seen } = steppedService();
  const { url, close } = await system.restart({ integrity: service });
  const abort = new AbortController();
  const events = await fetch(`${url}/api/integrity/runs/${runId}/events`, { signal: abort.signal });
  await events.body?.getReader().read();
  abort.abort();
  await waitFor('the listening to end', () => seen.includes('left'));
  await close();
});
