// Requests that change nothing: passed as they are, both bodies streamed. P3: believed before a byte is passed back.
import type { IncomingMessage } from 'node:http';
import { asKeepsakeError } from '../../shared/errors.ts';
import type { KeeperParts } from '../parts.ts';
import { type Comparison, compare, readByHead } from '../replay/head-first.ts';
import { beginRead, keepHead, replay } from '../replay/replay.ts';
import type { Call } from '../s3/call.ts';
import type { Operation } from '../s3/classify.ts';
import { s3ErrorOf, sendS3Error } from '../s3/errors.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { restoring } from '../upstream/gate.ts';
import { collect, type GivenAnswer, givenBy, requestHeaders, type Sending, send } from '../upstream/send.ts';
import { sentinelPrefix } from '../upstream/session-source.ts';
import { passBody } from './pass-body.ts';
import { repairAbsent } from './read-repair.ts';
import { upstreamPath, withClientIds } from './uploads.ts';

export async function read(
  keeper: KeeperParts,
  call: Call,
  what: Extract<Operation, { kind: 'read' }>['what'],
): Promise<void> {
  const { gate } = keeper;
  const { req, res, target } = call;
  let sending: Sending | undefined;
  const leave = (): void => {
    if (!res.writableFinished) sending?.abort();
  };
  res.on('close', leave);
  try {
    const onBegun = (begun: Sending): void => {
      sending = begun;
    };
    const whole = { method: req.method ?? 'GET', path: () => upstreamPath(keeper, call), onBegun };
    const ask = (question: Question): Promise<IncomingMessage> => undividedAnswer(keeper, call, question);
    const repeatable = what === 'any' ? beginRead(keeper, call) : undefined;
    let byHead: Comparison | undefined;
    if (repeatable !== undefined) {
      const isReplayed = replay(keeper, call, repeatable);
      if (typeof isReplayed === 'boolean' ? isReplayed : await isReplayed) return;
      // An x-id, which names the operation, is all that its query can be.
      const head = { ...whole, method: 'HEAD', path: () => whole.path().replace(/\?.*$/, '') };
      const done = await readByHead(keeper, call, repeatable, () => ask(head));
      if (done === 'answered') return;
      byHead = done;
    }
    let answered = await ask(whole);
    if (answered.statusCode === 404 && target.key !== '' && what === 'any' && (await repairAbsent(keeper, call))) {
      answered.resume();
      answered = await ask(whole);
    }
    const answer = givenBy(answered);
    const isKept = repeatable && keepHead(keeper, call, repeatable, answer);
    if (byHead !== undefined && isKept !== undefined) compare(keeper, call, byHead, { answer, isKept });
    await passBack(keeper, call, { response: answered, answer }, what);
  } catch (thrown) {
    if (res.destroyed) return;
    const error = asKeepsakeError(thrown);
    if (error.code === 'S3Unavailable') gate.suspect();
    if (error.kind === 'bug') keeper.logger.error({ err: thrown, method: req.method }, 'a read failed');
    sendS3Error(res, s3ErrorOf(error), target.path);
  }
}

// What is asked again, while no change of its key is under way: what showed a change that was undone since (its commit
// failed), and a GET that raced any change. LocalStack looks at an object twice for one answer, first at its size and the
// condition, then at its bytes (s3/provider.py, get_object): a change in between is served half, as the range of one
// write and the metadata of another, or as fewer bytes than announced.
async function undividedAnswer(keeper: KeeperParts, call: Call, question: Question): Promise<IncomingMessage> {
  const { doubts, locks } = keeper;
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
      const answered = await settledAnswer(keeper, call, question);
      const isDivided = watch.isUndone || (watch.isRaced && key !== '' && req.method === 'GET');
      if (!isDivided || hasBody(req)) return answered;
      answered.destroy();
    } finally {
      doubts.unwatch(watch);
      release?.();
    }
  }
  throw restoring(); // a listing, while one change after the other is undone
}

const maxAttempts = 5;
const sharedKeyLock = (bucket: string, key: string) => ({ ...keyLock(bucket, key), isShared: true });

/** What the emulator is asked. `onBegun` is told of each attempt. */
interface Question {
  /** That of the request, or HEAD where it is a GET. */
  readonly method: string;
  /** Of each attempt: an upload may have got another id meanwhile. */
  readonly path: () => string;
  readonly onBegun: (sending: Sending) => void;
}

/** An answer that is believed, and shows only what is durable (P1). */
async function settledAnswer(keeper: KeeperParts, call: Call, question: Question): Promise<IncomingMessage> {
  const { bucket, key } = call.target;
  const answered = await answerTo(keeper, call, question);
  const believed = keeper.gate.believe(answered, call.epoch);
  if (believed !== undefined) await believed;
  const settled = keeper.doubts.settled(bucket, key);
  if (settled !== undefined) await settled;
  return answered;
}

/** Sends the request; once more when it met a kept connection that the emulator was just closing (RFC 9112, 9.3.1). */
async function answerTo(
  { upstream }: KeeperParts,
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

async function passBack(
  keeper: KeeperParts,
  call: Call,
  { response, answer }: { readonly response: IncomingMessage; readonly answer: GivenAnswer },
  what: Extract<Operation, { kind: 'read' }>['what'],
): Promise<void> {
  const { req, res } = call;
  const { status, statusMessage, headers } = answer;
  const isTranslated = what !== 'any' && req.method === 'GET' && status === 200;
  if (isTranslated) {
    const xml = (await collect(response)).toString();
    const mine = what === 'list-buckets' ? withoutSentinels(xml) : withClientIds(keeper.store, xml);
    const body = Buffer.from(mine);
    res.writeHead(status, statusMessage, withLength(headers, body.length));
    res.end(body);
    return;
  }
  res.writeHead(status, statusMessage, [...headers]);
  passBody(keeper, call, response);
}

function withoutSentinels(xml: string): string {
  if (!xml.includes(sentinelPrefix)) return xml;
  return xml.replace(/<Bucket>(?:(?!<\/Bucket>)[\s\S])*<\/Bucket>/g, (bucket) =>
    bucket.includes(`<Name>${sentinelPrefix}`) ? '' : bucket,
  );
}

function withLength(headers: readonly string[], length: number): string[] {
  return headers.map((value, i) =>
    i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'content-length' ? String(length) : value,
  );
}
