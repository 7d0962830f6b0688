// A route is declared once, as a value: what it answers, and how it is described. Mounting, the OpenAPI document and the
// metrics all read the same declaration, so none of them can say something else.
import type { Request, RequestHandler, Response, Router } from 'express';
import type { ZodType } from 'zod';
import { KeepsakeError } from '../../shared/errors.ts';

export type Method = 'get' | 'head' | 'post' | 'patch' | 'delete';

interface Answer {
  readonly description: string;
  readonly schema?: ZodType;
  /** @default 'application/json' with a schema, else no body */
  readonly contentType?: string;
}

export interface Route {
  readonly method: Method;
  /** As OpenAPI writes it: `/api/images/{id}/`. A parameter named `key` takes the rest of the path, slashes included. */
  readonly path: string;
  readonly summary: string;
  readonly query?: ZodType;
  readonly body?: { readonly contentType: string; readonly schema: ZodType };
  /** Answers by status; errors are documented once for all routes. */
  readonly answers: Readonly<Record<number, Answer>>;
  readonly handle: (request: Request, response: Response) => Promise<void> | void;
}

/** Puts routes on a router, by path; any other method of a known path is refused with 405 and `Allow`. */
export function mountRoutes(router: Router, routes: readonly Route[]): void {
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    const mounted = router.route(expressPath(path));
    for (const route of ofPath) mounted[route.method](labelled(route));
    mounted.all(refuseMethod(ofPath));
  }
}

function expressPath(template: string): string {
  return template.replaceAll('{key}', '*key').replaceAll(/\{(\w+)\}/g, ':$1');
}

// The template, not the path, is what metrics and logs group by.
function labelled(route: Route): RequestHandler {
  return (request, response) => {
    response.locals.route = route.path;
    return route.handle(request, response);
  };
}

function refuseMethod(routes: readonly Route[]): RequestHandler {
  const methods = new Set(routes.map((route) => route.method.toUpperCase()));
  if (methods.has('GET')) methods.add('HEAD');
  const allowed = [...methods].join(', ');
  return (request, response) => {
    response.set('Allow', allowed);
    throw new KeepsakeError('MethodNotAllowed', {
      what: `${request.method} is not possible here`,
      expected: allowed,
      got: request.method,
      remedy: 'See /api/openapi.json for what each path takes.',
    });
  };
}
