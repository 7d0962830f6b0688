// Asks the emulator a question that changes nothing, and returns an answer that is believed, shows only what is durable (P1), and
// is not of two states.
import type { IncomingMessage } from 'node:http';
import type { Call } from '../s3/call.ts';
import type { Doubts } from '../turn/doubts.ts';
import { bucketLock, keyLock, type Locks } from '../turn/locks.ts';
import type { Emulator } from '../upstream/emulator.ts';
import { restoring } from '../upstream/gate.ts';
import { requestHeaders, type Sending, send } from '../upstream/send.ts';

export interface AskOptions {
  readonly emulator: Emulator;
  readonly doubts: Doubts;
  readonly locks: Locks;
}

/** A question for the emulator. */
export interface Question {
  /** That of the request, or HEAD where it is a GET. */
  readonly method: string;
  /** Of each attempt: an upload may have got another id meanwhile. */
  readonly path: () => string;
  /** Called with each attempt. */
  readonly onBegun: (sending: Sending) => void;
}

const maxAttempts = 5;
const sharedKeyLock = (bucket: string, key: string) => ({ ...keyLock(bucket, key), isShared: true });

/**
 * Asks, and asks again under the key's lock when the answer showed a change whose commit then failed, or when a GET raced any
 * change. LocalStack looks at an object twice for one answer: first at its size and the condition, then at its bytes
 * (s3/provider.py, get_object). A change in between is served half, as the range of one write and the metadata of another, or
 * as fewer bytes than announced.
 */
export async function ask(options: AskOptions, call: Call, question: Question): Promise<IncomingMessage> {
  const { doubts, locks } = options;
  const { req, target } = call;
  const { bucket, key } = target;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const isAlone = attempt > 1 && key !== '';
    const release = isAlone
      ? await locks.acquireAll([bucketLock(bucket, true), sharedKeyLock(bucket, key)])
      : undefined;
    const watch = doubts.watch(bucket, key);
    try {
      if (call.res.destroyed) throw restoring(); // its client left while it waited
      const response = await settledAnswer(options, call, question);
      const isDivided = watch.isUndone || (watch.isRaced && key !== '' && req.method === 'GET');
      if (!isDivided || hasBody(req)) return response;
      response.destroy();
    } finally {
      doubts.unwatch(watch);
      release?.();
    }
  }
  throw restoring(); // a listing, while one change after the other is undone
}

async function settledAnswer(
  { emulator, doubts }: AskOptions,
  call: Call,
  question: Question,
): Promise<IncomingMessage> {
  const { bucket, key } = call.target;
  const response = await answerTo(emulator, call, question);
  const believed = emulator.gate.believe(response, call.epoch);
  if (believed !== undefined) await believed;
  const settled = doubts.settled(bucket, key);
  if (settled !== undefined) await settled;
  return response;
}

/** Sends the request; once more when it met a kept connection that the emulator was just closing (RFC 9112, 9.3.1). */
async function answerTo(
  { upstream }: Emulator,
  { req }: Call,
  { method, path, onBegun }: Question,
): Promise<IncomingMessage> {
  const isWithBody = hasBody(req);
  const attempt = (): Promise<IncomingMessage> => {
    const head = { method, path: path(), headers: requestHeaders(req) };
    const sending = send(upstream, head, isWithBody ? { source: req } : undefined);
    onBegun(sending);
    return sending.response;
  };
  try {
    return await attempt();
  } catch (error) {
    if (isWithBody || req.destroyed) throw error;
    return attempt();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
