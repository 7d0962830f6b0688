// The one place where an error becomes an answer. An answer given before the request was read to its end closes the
// connection, but lets the client read it first.
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { asKeepsakeError, KeepsakeError, toErrorBody } from '../../shared/errors.ts';

/** How long a client may go on sending after it was answered. Closing at once would reset the connection under the answer. */
const lingerMs = 1_000;

/** 404 for a path that nothing answers. */
export const unknownPath: RequestHandler = (request) => {
  throw new KeepsakeError('NotFound', {
    what: 'nothing answers at this path',
    got: JSON.stringify(request.path.slice(0, 200)),
    remedy: 'See /api/openapi.json for the paths there are.',
  });
};

/** Answers with the error's status and body; leaves it in `response.locals.error` for the request's line in the log. */
export const answerError: ErrorRequestHandler = (thrown: unknown, request, response, _next) => {
  const error = asRequestError(thrown);
  response.locals.error = error;
  if (response.headersSent) {
    response.destroy(); // half an answer can't be taken back: the client must see that it was cut
    return;
  }
  if (error.status === 503) response.set('Retry-After', '2');
  const body = Buffer.from(JSON.stringify(toErrorBody(error)));
  response.status(error.status).set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.set('Content-Length', String(body.length));
  if (hasBodyLeft(request)) answerEarly(request, response, body);
  else response.end(body);
};

function hasBodyLeft(request: Request): boolean {
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  return !request.complete && (encoding !== undefined || Number(length ?? 0) > 0);
}

function answerEarly(request: Request, response: Response, body: Buffer): void {
  response.set('Connection', 'close');
  response.write(body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.unpipe(); // the one who read the body is done with it
  request.once('end', end).once('close', end).resume();
}

// Express and its body parser throw errors with a `status` and, some, a `type`.
function asRequestError(thrown: unknown): KeepsakeError {
  if (!(thrown instanceof Error) || !('status' in thrown) || thrown instanceof KeepsakeError)
    return asKeepsakeError(thrown);
  if (thrown.status === 413)
    return new KeepsakeError('UploadTooLarge', { what: 'the JSON of the request is too large' }, thrown);
  if (typeof thrown.status !== 'number' || thrown.status >= 500) return asKeepsakeError(thrown);
  return new KeepsakeError(
    'BadRequest',
    {
      what: "the request can't be read",
      got: thrown.message.slice(0, 200),
      remedy: 'Send a path and JSON that are well formed.',
    },
    thrown,
  );
}
