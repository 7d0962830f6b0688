// A door to S3: the bare emulator, or the keeper in front of it. All that a case sends through it is recorded.
import type http from 'node:http';
import { Readable } from 'node:stream';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { collect } from '../../src/keeper/upstream/send.ts';
import { clientFor } from '../support/keeper.ts';
import { type Answer, normalise, showExchange } from './exchange.ts';
import { type RawRequest, type RawResult, sendBytes, sendRaw, splitAnswers } from './raw-http.ts';

export interface Door {
  /** Without a path. */
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  /** The case's own bucket. */
  readonly bucket: string;
  /** An SDK client whose answers are recorded. */
  readonly s3: S3Client;
  /** Resolves with what the call gave, undefined when it failed: the failure is recorded. */
  attempt<T>(call: Promise<T>): Promise<T | undefined>;
  /** A request as it is given. A path without a slash at its beginning is in the bucket. */
  raw(method: string, path: string, options?: RawOptions): Promise<RawResult>;
  /** Bytes on a connection; the last request in them must ask to close it. */
  wire(bytes: string): Promise<readonly Answer[]>;
  /** Records something else that a client sees. */
  note(text: string): void;
}

export interface RawOptions {
  readonly headers?: readonly string[];
  readonly body?: NonNullable<RawRequest['body']>;
  /** The Host header. @default that of the door */
  readonly host?: string;
  readonly agent?: http.Agent;
}

/** A recording door: what was seen through it, exchange by exchange. */
export interface RecordingDoor extends Door {
  readonly seen: readonly string[];
  close(): void;
}

/** Nobody verifies it, but LocalStack finds the service in its scope. */
export const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';

export function openDoor(url: string, bucket: string): RecordingDoor {
  const { host } = new URL(url);
  const names = { host, bucket };
  const seen: string[] = [];
  const record = (asked: string, answer: Answer): void => void seen.push(showExchange(asked, answer, names));
  const note = (text: string): void => void seen.push(normalise(text, names));
  const s3 = clientFor(url);
  recordAnswers(s3, record);
  return {
    ...{ url, host, bucket, s3, seen, note },
    async attempt(call) {
      try {
        return await call;
      } catch (error) {
        note(`the SDK threw ${error instanceof Error ? error.name : String(error)}`);
        return undefined;
      }
    },
    async raw(method, path, options = {}) {
      const full = path.startsWith('/') ? path : `/${bucket}${/^(\?|$)/.test(path) ? '' : '/'}${path}`;
      const { host: hostHeader = host, headers = [], ...rest } = options;
      const signed = isSigned(full, headers) ? headers : ['Authorization', authorization, ...headers];
      const framedHeaders = ['Host', hostHeader, ...framed(method, signed, rest.body)];
      const ask = async (): Promise<RawResult> => {
        const result = await sendRaw(url, { method, path: full, headers: framedHeaders, ...rest });
        record(`${method} ${full}`, result.answer);
        return result;
      };
      const result = await ask();
      // The keeper answers a read that it has seen before: from its store, under the emulator's head.
      const isRead = (method === 'GET' || method === 'HEAD') && result.answer.status < 300;
      return isRead ? ask() : result;
    },
    async wire(bytes) {
      const answers = splitAnswers(await sendBytes(url, bytes));
      for (const answer of answers) record('on the wire', answer);
      return answers;
    },
    close: () => s3.destroy(),
  };
}

/** Makes the door's bucket; not recorded. */
export async function makeBucket(url: string, bucket: string): Promise<void> {
  const client = clientFor(url);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

function isSigned(path: string, headers: readonly string[]): boolean {
  const isNamed = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization');
  return isNamed || /[?&](X-Amz-Signature|Signature)=/.test(path);
}

function framed(method: string, headers: readonly string[], body: RawRequest['body'] = ''): readonly string[] {
  const isFramed = headers.some((name, index) => index % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name));
  if (isFramed || method === 'GET' || method === 'HEAD') return headers;
  const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  return [...headers, 'Content-Length', String(pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0))];
}

// Closest to the wire, before the SDK reads the answer: https://smithy.io/2.0/ (middleware of the deserialize step).
function recordAnswers(s3: S3Client, record: (asked: string, answer: Answer) => void): void {
  s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const response = result.response as {
          statusCode: number;
          headers: Record<string, string>;
          body: http.IncomingMessage;
        };
        const body = await collect(response.body, 64 * 1024 * 1024);
        response.body = Object.assign(Readable.from([body]), {}) as http.IncomingMessage;
        const headers = Object.entries(response.headers).flat();
        record(commandName.replace('Command', ''), { status: response.statusCode, statusMessage: '', headers, body });
        return result;
      },
    { step: 'deserialize', priority: 'low', name: 'recordAnswers' },
  );
}
