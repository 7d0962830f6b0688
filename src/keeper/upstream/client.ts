// Calls of the keeper's own to the emulator, unsigned in substance: emulators route by the signature's scope (LocalStack
// finds the service in it) but don't verify it.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { collect, emulatorLost, type GivenAnswer, givenBy, type Sending, send, type Upstream } from './send.ts';
import { watchBody } from './stalled.ts';

/** A whole answer. */
export interface Answer extends GivenAnswer {
  readonly body: Buffer;
}

export interface CallOptions {
  /** Flat list of headers. */
  readonly headers?: readonly string[];
  readonly body?: Uint8Array | { readonly source: Readable; readonly sizeBytes: number };
}

export interface EmulatorClient {
  /** Whether the emulator knows sub-resources; one that does not takes `PUT ?tagging` for a PUT of the object. */
  readonly hasSubResources: boolean;
  /** A call whose answer is small. @throws KeepsakeError `S3Unavailable` */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A call whose answer streams; the caller reads it to its end or destroys it. @throws KeepsakeError `S3Unavailable` */
  stream(method: string, path: string, options?: CallOptions): Promise<IncomingMessage>;
}

const scope =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=keepsake';

/** A client for `upstream`. `believe` sees each answer's head and throws when it must not be believed. */
export function createEmulatorClient(
  upstream: Upstream,
  options: {
    readonly timeoutMs: number;
    readonly hasSubResources: boolean;
    readonly believe?: (response: IncomingMessage) => Promise<void>;
  },
): EmulatorClient {
  const { timeoutMs, hasSubResources, believe } = options;
  const fixed = ['Host', `${upstream.host}:${upstream.port}`, 'Authorization', scope];

  const stream = async (method: string, path: string, { headers = [], body }: CallOptions = {}) => {
    const sizeBytes = body === undefined ? 0 : body instanceof Uint8Array ? body.length : body.sizeBytes;
    const framing = method === 'GET' || method === 'HEAD' ? [] : ['Content-Length', String(sizeBytes)];
    const head = {
      method,
      path,
      headers: [...fixed, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD', ...headers, ...framing],
    };
    const sending = send(
      upstream,
      head,
      body === undefined || body instanceof Uint8Array ? body : { source: body.source },
    );
    const response = await answerWithin(timeoutMs, sending);
    if (believe !== undefined) await believe(response);
    watchBody(response, {
      silentMs: upstream.silentMs,
      confirm: async () => true,
      onStall: () => response.destroy(emulatorLost('the rest of its answer does not come')),
    });
    return response;
  };
  return {
    hasSubResources,
    stream,
    async call(method, path, callOptions) {
      const response = await stream(method, path, callOptions);
      return { ...givenBy(response), body: await collect(response) };
    },
  };
}

// The time runs from when the body has left: a large one may take long.
async function answerWithin(timeoutMs: number, sending: Sending): Promise<IncomingMessage> {
  try {
    await sending.sent;
  } catch (error) {
    sending.abort();
    throw error;
  }
  const timer = setTimeout(() => sending.abort(), timeoutMs);
  try {
    return await sending.response;
  } finally {
    clearTimeout(timer);
  }
}
