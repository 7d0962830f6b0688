// The frame of every request that changes something. P1: intent → emulator → commit → answer, alone on its key from
// the last byte of the body on. A slow body holds no lock: the emulator can't act on it before its end.
import { asKeepsakeError } from '../../shared/errors.ts';
import type { KeeperParts } from '../parts.ts';
import type { Call } from '../s3/call.ts';
import { s3ErrorOf, sendS3Error } from '../s3/errors.ts';
import type { Answer } from '../upstream/client.ts';
import { restoring } from '../upstream/gate.ts';
import { collect, givenBy, requestHeaders, send } from '../upstream/send.ts';
import type { BodyTap } from './body-tap.ts';
import { type Scope, type Turn, Visit } from './turn.ts';

/**
 * Runs `work`, which passes the request and commits what came of it, and sends the answer it returns. When it throws, or the
 * emulator failed (5xx) or refused what it may have written by then, what came of it is not known: the scope stays
 * locked until emulator and store agree.
 */
export async function mutate(
  keeper: KeeperParts,
  call: Call,
  scope: Scope,
  work: (turn: Turn) => Promise<Answer>,
): Promise<void> {
  const { res, target, epoch } = call;
  const visit = new Visit(keeper, scope, epoch);
  let answer: Answer;
  try {
    answer = await work(visit);
  } catch (thrown) {
    const error = asKeepsakeError(thrown);
    if (error.code === 'S3Unavailable') keeper.gate.suspect();
    if (error.kind === 'bug') keeper.logger.error({ err: thrown, operation: scope.operation }, 'a request failed');
    sendS3Error(res, s3ErrorOf(error), target.path);
    await visit.leaveUnknown();
    return;
  }
  if (answer.status >= 500 || answer.status === refusedAfterWriting.get(scope.operation)) {
    const left = answer.status >= 500 ? visit.leaveUnknown() : visit.leaveRefused();
    sendAnswer(call, answer);
    await left;
    return;
  }
  visit.leave();
  sendAnswer(call, answer);
}

// LocalStack writes first, and then looks at the checksum of a body (400) or at the condition of a copy (412): what was there
// has lost its bytes, or has those of another (s3/provider.py: put_object, upload_part, copy_object).
const refusedAfterWriting: ReadonlyMap<string, number> = new Map([
  ['put-object', 400],
  ['upload-part', 400],
  ['copy-object', 412],
]);

/**
 * Passes the request as it came and gives the emulator's whole answer, believed. `path` and `body` replace the
 * client's when given; a body that passes is seen by `tap`.
 */
export async function pass(
  { upstream, gate }: KeeperParts,
  { req }: Call,
  turn: Turn,
  options: { readonly path?: string; readonly tap?: BodyTap; readonly body?: Uint8Array } = {},
): Promise<Answer> {
  const { path = req.url ?? '/', tap, body } = options;
  const isPassing = body === undefined && hasBody(req);
  if (!isPassing) await turn.enter();
  const length = Number(req.headers['content-length']);
  const sending = send(
    upstream,
    { method: req.method ?? '', path, headers: requestHeaders(req) },
    isPassing
      ? {
          source: req,
          beforeLast: turn.enter,
          ...(tap && { tap: tap.write }),
          ...(Number.isSafeInteger(length) && { totalBytes: length }),
        }
      : (body ?? new Uint8Array()),
  );
  await sending.sent;
  // The body's fsync goes on while the emulator works; whoever commits it awaits it.
  if (sending.isSent()) tap?.finish().catch(() => {});
  const response = await sending.response;
  await gate.believe(response, turn.epoch);
  turn.noteAnswer();
  const answer = { ...givenBy(response), body: await collect(response) };
  if (!sending.isSent()) {
    sending.abort(); // a connection that waits for the rest of a body would be lost to all others
    if (answer.status < 300) throw restoring(); // success before the body's end: not to be believed
  }
  return answer;
}

/** Sends a whole answer to the client, headers as they came. */
export function sendAnswer({ res }: Call, { status, statusMessage, headers, body }: Answer): void {
  res.writeHead(status, statusMessage, [...headers]);
  res.end(body);
}

function hasBody({ headers }: Call['req']): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
