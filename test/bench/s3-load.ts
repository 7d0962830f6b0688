// The load of the keeper's bench, in a process of its own so that it does not take time from the keeper. It is as lean as
// an S3 client can be: no SDK, no computed signature. Each client sends one request at a time on a kept connection.
import { randomBytes } from 'node:crypto';
import http from 'node:http';

/** The parent's request, as an IPC message. */
export interface LoadRequest {
  readonly url: string;
  readonly bucket: string;
  /**
   * `put` writes keys that were never written; `first-get` reads what the last `put` under this prefix wrote, each object at
   * most once; `get` reads those again and again.
   */
  readonly operation: 'put' | 'first-get' | 'get';
  readonly prefix: string;
  readonly clients: number;
  /** How long, or until so many requests were begun. */
  readonly until: { readonly seconds: number } | { readonly requests: number };
  /** Sent beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
}

/** The answer: how long each request took, and how long all of them did. */
export interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

// LocalStack takes the region and the account from a signature's credential and verifies nothing.
const headers = {
  authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
} as const;

const written = new Map<string, number>();
const readOnce = new Map<string, number>();

process.on('message', (request: LoadRequest) => {
  run(request).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(load: LoadRequest): Promise<LoadResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: load.clients });
  const body = load.operation === 'put' ? randomBytes(load.sizeBytes) : undefined;
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let begun = 0;
  const isOver = (): boolean =>
    'seconds' in load.until ? performance.now() - startedAt >= load.until.seconds * 1000 : begun >= load.until.requests;
  const client = async (_: unknown, index: number): Promise<void> => {
    const lane = `${load.prefix}/${index}`;
    const keys = (load.operation === 'first-get' ? written : readOnce).get(lane) ?? 1;
    for (let count = 0; !isOver(); count++) {
      if (load.operation === 'first-get' && count === keys) return;
      begun += 1;
      const number = body ? count : count % keys;
      const sentAt = performance.now();
      await send(new URL(`/${load.bucket}/${lane}/${number}`, load.url), {
        agent,
        body,
        expected: load.sizeBytes,
        headers: { ...headers, ...load.headers },
      });
      latenciesMs.push(performance.now() - sentAt);
      if (body) written.set(lane, count + 1);
      if (load.operation === 'first-get') readOnce.set(lane, count + 1);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  agent.destroy();
  return { latenciesMs, elapsedMs: performance.now() - startedAt };
}

interface Exchange {
  readonly agent: http.Agent;
  /** Sent with PUT; undefined: GET, which must bring `expected` bytes. */
  readonly body: Buffer | undefined;
  readonly expected: number;
  readonly headers: Readonly<Record<string, string>>;
}

function send(url: URL, { agent, body, expected, headers }: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      agent,
      method: body ? 'PUT' : 'GET',
      headers: body ? { ...headers, 'content-length': body.length } : headers,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200 && (body || received === expected)) resolve();
        else reject(new Error(`${request.method} ${url.pathname}: ${response.statusCode}, ${received} bytes`));
      });
    });
    request.end(body);
  });
}
