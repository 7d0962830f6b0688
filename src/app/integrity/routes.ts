// /api/integrity/: what the reconciler found, and what it may do. The reconciler itself is behind the service it is given.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { KeepsakeError } from '../../shared/errors.ts';
import type { IntegrityService } from '../../shared/integrity-service.ts';
import { paths } from '../../shared/names.ts';
import { parseId, parseInput } from '../http/input.ts';
import type { Route } from '../http/route.ts';
import { sendProgress } from './progress.ts';
import { actionPageSchema, actionResultSchema, overviewSchema, reportSchema } from './schemas.ts';

/** How many runs the overview tells of. */
const historyLength = 20;

const runBody = z.strictObject({
  mode: z.enum(['check', 'preview', 'repair']),
  clean_s3: z.boolean().default(false).describe('Put orphans aside'),
  clean_all: z.boolean().default(false).describe('Also drop rows and objects that nothing can bring back'),
  keys: z.array(z.string().min(1).max(1024)).max(1000).optional().describe('Only these keys'),
});
const actionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.iso.datetime().optional(),
});

/** `service` null: each route answers 501 with the remedy. */
export function integrityRoutes(service: IntegrityService | null): Route[] {
  const withService =
    (handle: (service: IntegrityService, request: Request, response: Response) => Promise<void>): Route['handle'] =>
    (request, response) => {
      if (!service) throw notConfigured();
      return handle(service, request, response);
    };
  return [
    {
      method: 'get',
      path: paths.integrity,
      summary: 'The latest report, the runs before it, and the run under way',
      answers: { 200: { description: 'The overview', schema: overviewSchema } },
      handle: withService(async (integrity, _request, response) => {
        const [latest, history] = await Promise.all([integrity.latest(), integrity.history({ limit: historyLength })]);
        response.json({ latest, history, running: integrity.running() });
      }),
    },
    {
      method: 'post',
      path: `${paths.integrity}runs/`,
      summary: 'Start a check, preview a repair, or repair',
      body: { contentType: 'application/json', schema: runBody },
      answers: { 202: { description: 'Started; Location names its report', schema: z.object({ run_id: z.string() }) } },
      handle: withService(async (integrity, request, response) => {
        const { mode, clean_s3: shouldCleanS3, clean_all: shouldCleanAll, keys } = parseInput(runBody, request.body);
        const { runId } = await integrity.start({ mode, shouldCleanS3, shouldCleanAll, ...(keys && { keys }) });
        response.status(202).location(`${paths.integrity}runs/${runId}/`).json({ run_id: runId });
      }),
    },
    {
      method: 'get',
      path: `${paths.integrity}runs/{id}/`,
      summary: 'The report of one run',
      answers: { 200: { description: 'The report', schema: reportSchema } },
      handle: withService(async (integrity, request, response) => {
        response.json(await integrity.report(parseId(request.params.id)));
      }),
    },
    {
      method: 'get',
      path: `${paths.integrity}runs/{id}/events`,
      summary: 'Progress of a run as server-sent events: `progress`, then `finished` or `failed`',
      answers: { 200: { description: 'The events, to the end of the run', contentType: 'text/event-stream' } },
      handle: withService((integrity, request, response) =>
        sendProgress(response, (signal) => integrity.progress(parseId(request.params.id), signal)),
      ),
    },
    {
      method: 'get',
      path: `${paths.integrity}actions/`,
      summary: 'What repairs did, newest first, and what of it can be undone',
      query: actionsQuery,
      answers: { 200: { description: 'A page; `next` is the path of the one after it', schema: actionPageSchema } },
      handle: withService(async (integrity, request, response) => {
        const { limit, before } = parseInput(actionsQuery, request.query);
        const results = await integrity.actions({ limit, ...(before && { before }) });
        const last = results.length === limit ? results.at(-1) : undefined;
        const next =
          last && `${paths.integrity}actions/?${new URLSearchParams({ limit: String(limit), before: last.startedAt })}`;
        response.json({ results, next: next ?? null });
      }),
    },
    {
      method: 'post',
      path: `${paths.integrity}actions/{id}/undo`,
      summary: 'Undo one action of a repair',
      answers: { 200: { description: 'What it came to', schema: actionResultSchema } },
      handle: withService(async (integrity, request, response) => {
        response.json(await integrity.undo(parseId(request.params.id)));
      }),
    },
  ];
}

function notConfigured(): KeepsakeError {
  return new KeepsakeError('NotConfigured', {
    what: 'this API runs without the reconciler',
    remedy: 'Start it with keepsake api or npm start; by hand, npm run check does the same.',
  });
}
