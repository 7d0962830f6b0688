// The keeper's own API under /_keeper/, which no bucket can be named: a page, health, status, metrics, undo. Each answer tells
// the keeper by its header, so that a client knows what stands at the endpoint.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asKeepsakeError, KeepsakeError, toErrorBody } from '../../shared/errors.ts';
import type { KeeperStatus, RestoreRequest } from '../../shared/keeper-api.ts';
import type { Logger } from '../../shared/logger.ts';
import { version } from '../../shared/version.ts';
import { readBody } from '../s3/bodies.ts';
import type { Store } from '../store/contract.ts';
import type { Gate } from '../upstream/gate.ts';
import type { KeeperMetrics } from './metrics.ts';
import { renderStatusPage, statusPageHeaders } from './status-page.ts';
import { listVersions, type Undo } from './versions.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly gate: Gate;
  readonly undo: Undo;
  readonly logger: Logger;
  readonly status: () => KeeperStatus;
  readonly metrics: KeeperMetrics;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Answers one request under /_keeper/. Never rejects. */
export async function serveApi(parts: ApiOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  res.setHeader('x-keepsake-keeper', version);
  res.setHeader('cache-control', 'no-store');
  try {
    const url = new URL(req.url ?? '/', 'http://keeper');
    if (url.pathname === '/_keeper/metrics') {
      res.writeHead(200, { 'content-type': parts.metrics.contentType });
      res.end(await parts.metrics.read(parts.status(), parts.gate.isOpen));
      return;
    }
    if (isStatusPage(req, url)) {
      sendPage(parts, req, res);
      return;
    }
    const { status, body } = await replyTo(parts, req, url);
    sendJson(res, status, body);
  } catch (thrown) {
    const error = asKeepsakeError(thrown);
    if (error.kind === 'bug') parts.logger.error({ err: thrown, path: req.url }, 'a call of the API failed');
    sendJson(res, error.status, toErrorBody(error));
  }
}

function isStatusPage({ method }: IncomingMessage, { pathname }: URL): boolean {
  return (pathname === '/_keeper/' || pathname === '/_keeper') && (method === 'GET' || method === 'HEAD');
}

function sendPage({ store, status }: ApiOptions, req: IncomingMessage, res: ServerResponse): void {
  const { host = '' } = req.headers;
  const page = renderStatusPage({ status: status(), failure: store.failure(), host });
  res.writeHead(200, { ...statusPageHeaders, 'content-length': Buffer.byteLength(page) });
  res.end(req.method === 'HEAD' ? undefined : page);
}

async function replyTo(parts: ApiOptions, req: IncomingMessage, url: URL): Promise<Reply> {
  const { store, gate, undo, status } = parts;
  const isRestore = url.pathname === '/_keeper/restore';
  const isAllowed = isRestore ? req.method === 'POST' : req.method === 'GET' || req.method === 'HEAD';
  if (!isAllowed)
    throw new KeepsakeError('MethodNotAllowed', {
      what: `${req.method} is not for ${url.pathname}`,
      expected: isRestore ? 'POST' : 'GET',
    });
  switch (url.pathname) {
    case '/_keeper/livez':
      return liveness(store);
    case '/_keeper/readyz':
      // Also while it restores: each key is whole before it is answered.
      return { status: gate.isOpen ? 200 : 503, body: { status: gate.state } };
    case '/_keeper/status':
      return { status: 200, body: status() };
    case '/_keeper/versions':
      return { status: 200, body: { results: listVersions(store, ...bucketAndKey(url)) } };
    case '/_keeper/restore':
      return { status: 200, body: await undo(await readRestore(req)) };
    default:
      throw new KeepsakeError('NotFound', {
        what: `the keeper has no ${url.pathname}`,
        expected: 'livez, readyz, status, metrics, versions or restore under /_keeper/',
      });
  }
}

// A store that can't write any more comes to life by a new start only: whoever looks after the process is told.
function liveness(store: Store): Reply {
  const failure = store.failure();
  if (failure === undefined) return { status: 200, body: { status: 'ok' } };
  return { status: 503, body: { status: 'failed', ...toErrorBody(failure) } };
}

function bucketAndKey({ searchParams }: URL): [bucket: string, key: string] {
  const bucket = searchParams.get('bucket');
  const key = searchParams.get('key');
  if (!bucket || !key)
    throw new KeepsakeError('BadRequest', { what: 'bucket or key is missing', expected: '?bucket=…&key=…' });
  return [bucket, key];
}

async function readRestore(req: IncomingMessage): Promise<RestoreRequest> {
  // JSON only: a page of another origin can't send that type without being asked first (Fetch, CORS-safelisted).
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? ''))
    throw new KeepsakeError('UnsupportedMediaType', { what: 'the body is not JSON', expected: 'application/json' });
  const text = (await readBody(req)).toString();
  const { parseRestoreRequest } = await import('./restore-request.ts');
  const request = parseRestoreRequest(text);
  if (request !== undefined) return request;
  throw new KeepsakeError('BadRequest', {
    what: 'the body is no restore request',
    expected: '{"bucket": "…", "key": "…", "versionId": "…" (optional)}',
    got: text.slice(0, 200),
  });
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  if (status === 503) res.setHeader('retry-after', 1);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  res.end(res.req.method === 'HEAD' ? undefined : text);
}
