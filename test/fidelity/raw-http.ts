// Requests that no SDK can send: paths and headers as they are given, bodies cut as they are given.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Answer } from './exchange.ts';

/** `headers`: a flat list, sent in this order after Host. A `body` in pieces goes out in those pieces. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body?: Uint8Array | string | readonly (Uint8Array | string)[];
  readonly agent?: http.Agent;
}

/** The answer, and what happened on the way to it. */
export interface RawResult {
  readonly answer: Answer;
  readonly isContinued: boolean;
  readonly isReused: boolean;
}

const answerTimeoutMs = 15_000;

/** Sends one request; a body waits for 100 Continue when `Expect` is among the headers. @throws when no answer comes */
export async function sendRaw(
  origin: string,
  { method, path, headers, body = [], agent }: RawRequest,
): Promise<RawResult> {
  const { hostname, port } = new URL(origin);
  const request = http.request({
    ...{ hostname, port, method, path, headers: [...headers], setHost: false, insecureHTTPParser: true },
    agent: agent ?? false,
    timeout: answerTimeoutMs,
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
  let isContinued = false;
  const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  const sendBody = () => {
    for (const piece of pieces) request.write(piece);
    request.end();
  };
  const waits = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'expect');
  if (waits) {
    request.on('continue', () => {
      isContinued = true;
      sendBody();
    });
    request.flushHeaders();
  } else sendBody();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const answer = await readAnswer(response);
  if (!request.writableEnded) request.destroy(); // refused before its body was asked for
  return { answer, isContinued, isReused: request.reusedSocket };
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, statusMessage = '', rawHeaders: headers } = response;
  return { status, statusMessage, headers, body: Buffer.concat(chunks) };
}

/** Writes bytes to a connection and resolves with all that came until the server closed it. */
export async function sendBytes(origin: string, bytes: string | Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL(origin);
  const socket = net.connect(Number(port), hostname);
  socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error(`not closed within ${answerTimeoutMs} ms`)));
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The answers on a connection, one after the other. A body is framed by its length, or there is none. */
export function splitAnswers(bytes: Buffer): readonly Answer[] {
  const answers: Answer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) throw new Error(`no head of an answer: ${rest.toString()}`);
    const [statusLine = '', ...lines] = rest.subarray(0, headEnd).toString('latin1').split('\r\n');
    const [, status = '', statusMessage = ''] = /^HTTP\/1\.\d (\d+) ?(.*)$/.exec(statusLine) ?? [];
    const headers = lines.flatMap((line) => [
      line.slice(0, line.indexOf(':')),
      line.slice(line.indexOf(':') + 1).trim(),
    ]);
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
    const length = at < 0 || statusMessage === 'Continue' ? 0 : Number(headers[at + 1]);
    const end = headEnd + 4 + length;
    answers.push({ status: Number(status), statusMessage, headers, body: rest.subarray(headEnd + 4, end) });
    rest = rest.subarray(end);
  }
  return answers;
}
