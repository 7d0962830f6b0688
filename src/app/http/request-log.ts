// Each request has an id, one line in the log, and one observation in the metrics.
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { KeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Metrics } from '../operations/metrics.ts';

/** Takes a sane `X-Request-Id` over, else makes one; sends it back; logs and counts the request when it is over. */
export function logRequests(logger: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const given = request.get('X-Request-Id');
    const requestId = given !== undefined && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
    const startedAt = performance.now();
    response.set('X-Request-Id', requestId);
    response.once('close', () => {
      const durationMs = performance.now() - startedAt;
      metrics.observeRequest({
        method: request.method,
        route: routeOf(response),
        status: response.statusCode,
        durationMs,
      });
      logger[levelOf(response)](
        { requestId, durationMs: Math.round(durationMs), ...described(request, response) },
        'request',
      );
    });
    next();
  };
}

function routeOf(response: Response): string {
  return typeof response.locals.route === 'string' ? response.locals.route : 'other';
}

function described(request: Request, response: Response): Record<string, unknown> {
  const error: unknown = response.locals.error;
  return {
    method: request.method,
    path: request.path.slice(0, 200),
    status: response.statusCode,
    ...(!response.writableFinished && { isCut: true }),
    ...(error instanceof KeepsakeError && { code: error.code, reason: error.message }),
    ...(error instanceof KeepsakeError && error.kind === 'bug' && { err: error.cause ?? error }),
  };
}

function levelOf(response: Response): 'debug' | 'info' | 'warn' | 'error' {
  const { error, route } = response.locals;
  if (error instanceof KeepsakeError && error.kind === 'bug') return 'error';
  if (response.statusCode >= 500) return 'warn';
  return route === '/healthz' || route === '/readyz' || route === '/metrics' ? 'debug' : 'info';
}
