// One request to the emulator: the head as it came, the body as it comes, backpressure from both sides of the tee.
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import { notePassed } from './passed-bytes.ts';

export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly agent: http.Agent;
  /** How long nothing may come of a body before the emulator is asked whether it is alive, and how long after its answer. */
  readonly silentMs: number;
}

/** `headers`: a flat list, sent as it is; it must frame the body (content-length or transfer-encoding). */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
}

/** A body that passes through. */
export interface PassingBody {
  readonly source: Readable;
  /** Sees each chunk; the next comes when its promise resolves, or at once. */
  readonly tap?: (chunk: Buffer) => Promise<void> | undefined;
  /** Called once, before what may be the last bytes leave: from when it resolves the emulator may act on the request. */
  readonly beforeLast?: () => Promise<void>;
  /** All bytes that `source` will give, if known. */
  readonly totalBytes?: number;
}

/** A request under way. */
export interface Sending {
  /** The head of the answer. @throws KeepsakeError `S3Unavailable` when the connection broke before it */
  readonly response: Promise<IncomingMessage>;
  /** The whole body has left, or the answer came first. @throws what the client or the tap failed with */
  readonly sent: Promise<void>;
  /** Whether the emulator may have all of the body, and so may act on it. */
  isSent(): boolean;
  abort(): void;
}

/** Sends a request with a passing body, a given one, or none. */
export function send(upstream: Upstream, head: RequestHead, body?: PassingBody | Uint8Array): Sending {
  const { host, port, agent } = upstream;
  const { method, path, headers } = head;
  const request = http.request({ host, port, agent, method, path, headers, setHost: false });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    const closed = (): void => reject(emulatorLost('the connection was closed'));
    request.on('close', closed);
    request.on('error', (error) => reject(emulatorLost(error)));
    request.on('response', (answer) => {
      request.off('close', closed); // an error costs its stack: none is made for what went well
      resolve(answer);
    });
  });
  response.catch(() => {}); // a caller that awaits `sent` first may never await this one
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return { response, sent: Promise.resolve(), isSent: () => true, abort: () => request.destroy() };
  }
  const pump = pumpInto(request, body);
  return { response, sent: pump.sent, isSent: pump.isSent, abort: () => request.destroy() };
}

function pumpInto(
  request: ClientRequest,
  { source, tap, beforeLast, totalBytes = Number.POSITIVE_INFINITY }: PassingBody,
): { readonly sent: Promise<void>; isSent(): boolean } {
  let isSent = false;
  let passedBytes = 0;
  const reachLast = async (): Promise<void> => {
    await beforeLast?.();
    isSent = true;
  };
  /** Writes a chunk to both sides; a promise when the next has to wait. */
  const pass = (chunk: Buffer): Promise<unknown> | undefined => {
    const isFull = !request.write(chunk);
    const tapped = tap?.(chunk);
    return isFull ? Promise.all([drained(request), tapped]) : tapped;
  };
  const sent = new Promise<void>((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      settle();
      source.resume(); // the rest is read and dropped, so that the client can read our answer
    };
    const fail = (error: unknown): void =>
      end(() => {
        request.destroy(); // the emulator has no whole body: it can't act on it
        reject(error);
      });
    const wait = (until: Promise<unknown>): void => {
      source.pause();
      until.then(() => {
        if (!isOver) source.resume();
      }, fail);
    };
    const finish = (): void =>
      end(() => {
        request.end();
        resolve();
      });
    source.on('data', (chunk: Buffer) => {
      if (isOver) return;
      passedBytes += chunk.length;
      notePassed(chunk.length);
      if (passedBytes >= totalBytes && !isSent) wait(reachLast().then(() => (isOver ? undefined : pass(chunk))));
      else {
        const passed = pass(chunk);
        if (passed !== undefined) wait(passed);
      }
    });
    source.on('end', () => {
      if (isSent) finish();
      else if (!isOver) reachLast().then(finish, fail);
    });
    const leave = (cause: unknown): void => {
      if (isEnded(source)) return;
      // The emulator may act on what it has whole: to break off now would be not to know, and nothing is missing.
      if (isSent && passedBytes >= totalBytes) finish();
      else fail(clientGone(cause));
    };
    source.on('error', leave);
    source.on('close', () => leave('the connection was closed'));
    if (source.destroyed) leave('the connection was closed');
    // An answer or an error before the body's end.
    const stop = (): void => end(resolve);
    request.on('response', stop);
    request.on('close', stop);
  });
  return { sent, isSent: () => isSent };
}

function isEnded(source: Readable): boolean {
  return source.readableEnded && source.errored === null;
}

/** Resolves when more may be written, or the stream is closed. */
export function drained(request: Writable): Promise<void> {
  if (request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done);
      request.off('close', done);
      resolve();
    };
    request.on('drain', done);
    request.on('close', done);
  });
}

/** The rest of an answer, in memory. @throws KeepsakeError `S3Unavailable` when it breaks off, `S3BadAnswer` over the limit */
export function collect(response: IncomingMessage, limitBytes = 16 * 1024 * 1024): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // It broke off before it came here, and says so only once.
    if (response.destroyed) return reject(emulatorLost('the connection was closed'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= limitBytes) return;
      response.destroy();
      reject(
        new KeepsakeError('S3BadAnswer', {
          what: 'the emulator answered more than the keeper takes',
          expected: `at most ${limitBytes} bytes`,
        }),
      );
    });
    const closed = (): void => reject(emulatorLost('the connection was closed'));
    response.on('close', closed);
    response.on('error', (error) => reject(emulatorLost(error)));
    response.on('end', () => {
      response.off('close', closed);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
  });
}

export function emulatorLost(cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'S3Unavailable',
    { what: 'the emulator went away before it had answered', got: reasonOf(cause) },
    cause,
  );
}

function clientGone(cause: unknown): KeepsakeError {
  return new KeepsakeError(
    'IncompleteUpload',
    { what: 'the client went away before its body ended', got: reasonOf(cause) },
    cause,
  );
}

// RFC 9110, 7.6.1: what concerns one connection is not passed on. Expect is answered by us (see server.ts).
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'expect',
  'transfer-encoding',
]);

/** Headers of a request to pass on: as they came, less those of the connection; the framing kept. */
export function requestHeaders(req: IncomingMessage): string[] {
  const kept = endToEnd(req.rawHeaders);
  if (req.headers['transfer-encoding'] !== undefined) kept.push('Transfer-Encoding', 'chunked');
  else if (req.headers['content-length'] === undefined && (req.method === 'PUT' || req.method === 'POST'))
    kept.push('Content-Length', '0');
  return kept;
}

/** Headers of an answer to pass back, less those of the connection. */
function answerHeaders(response: IncomingMessage): string[] {
  return endToEnd(response.rawHeaders);
}

/** An answer as a client is told it, without its body. `headers`: a flat list. */
export interface GivenAnswer {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: readonly string[];
}

export function givenBy(response: IncomingMessage): GivenAnswer {
  const { statusCode: status = 0, statusMessage = '' } = response;
  return { status, statusMessage, headers: answerHeaders(response) };
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    const lower = name.toLowerCase();
    if (hopByHop.has(lower)) continue;
    // Node takes a Content-Disposition that comes after a Content-Length for UTF-8 (nodejs/node#46528), and its bytes
    // would arrive changed: one that is not all ASCII goes first.
    if (lower === 'content-disposition' && /[\x80-\xff]/.test(value)) kept.unshift(name, value);
    else kept.push(name, value);
  }
  return kept;
}
