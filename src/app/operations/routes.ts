// For those who run Keepsake: is the process alive, can it work, what does it measure, what does it offer.
import { z } from 'zod';
import { asKeepsakeError, KeepsakeError } from '../../shared/errors.ts';
import { paths } from '../../shared/names.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import { assertBucket, type Bucket } from '../../shared/s3/client.ts';
import type { Route } from '../http/route.ts';
import type { Metrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';

interface OperationRoutesDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly metrics: Metrics;
  /** All other routes, for the OpenAPI document. */
  readonly described: readonly Route[];
}

/** How long a part may take to answer before it counts as away. Shorter than the probes of charts/. */
const checkTimeoutMs = 3_000;

const checkSchema = z.object({ ok: z.boolean(), reason: z.string().optional() });
const readySchema = z.object({
  status: z.enum(['ready', 'not ready']),
  checks: z.object({ database: checkSchema, s3: checkSchema }),
});

export function operationRoutes({ pool, bucket, metrics, described }: OperationRoutesDeps): Route[] {
  const own: Route[] = [
    {
      method: 'get',
      path: '/healthz',
      summary: 'Whether the process answers at all',
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
      handle: (_request, response) => void response.json({ status: 'ok' }),
    },
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether the database and the bucket are there; says which is not',
      answers: {
        200: { description: 'All there', schema: readySchema },
        503: { description: 'Something is missing', schema: readySchema },
      },
      async handle(_request, response) {
        const [database, s3] = await Promise.all([
          check(pool.query('SELECT 1 FROM images LIMIT 1').catch((error) => Promise.reject(asDatabaseError(error)))),
          check(assertBucket(bucket, AbortSignal.timeout(checkTimeoutMs))),
        ]);
        const isReady = database.ok && s3.ok;
        if (!isReady) response.status(503).set('Retry-After', '2');
        response.json({ status: isReady ? 'ready' : 'not ready', checks: { database, s3 } });
      },
    },
    {
      method: 'get',
      path: '/metrics',
      summary: 'Metrics for Prometheus',
      answers: { 200: { description: 'The metrics', contentType: metrics.contentType } },
      async handle(_request, response) {
        response.set('Content-Type', metrics.contentType).end(await metrics.text());
      },
    },
    {
      method: 'get',
      path: paths.openApi,
      summary: 'This API, as OpenAPI 3.1',
      answers: { 200: { description: 'The document', schema: z.record(z.string(), z.unknown()) } },
      handle: (_request, response) => void response.json(document),
    },
  ];
  const document = openApiDocument([...described, ...own]);
  return own;
}

async function check(work: Promise<unknown>): Promise<z.infer<typeof checkSchema>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new KeepsakeError('RequestTimeout', { what: 'no answer in time' })),
    checkTimeoutMs,
  );
  try {
    await Promise.race([work, late]);
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: asKeepsakeError(error).message };
  } finally {
    clearTimeout(timer);
  }
}
