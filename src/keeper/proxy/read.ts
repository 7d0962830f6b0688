// Answers requests that change nothing. A read goes through a list of answerers, in order: the store with a kept head, the store
// with a fresh head of the emulator, and the emulator. P3: an answer is believed before a byte of it is passed back.
import type { IncomingMessage } from 'node:http';
import { asKeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Comparison, HeadFirst } from '../replay/head-first.ts';
import type { Repeatable, Replays } from '../replay/replay.ts';
import type { Call } from '../s3/call.ts';
import type { Operation } from '../s3/classify.ts';
import { s3ErrorOf, sendS3Error } from '../s3/errors.ts';
import type { Store } from '../store/contract.ts';
import { collect, type GivenAnswer, givenBy, type Sending } from '../upstream/send.ts';
import { sentinelPrefix } from '../upstream/session-source.ts';
import { type AskOptions, ask, type Question } from './ask.ts';
import { passBody } from './pass-body.ts';
import type { Repairs } from './repairs.ts';
import { upstreamPath, withClientIds } from './uploads.ts';

export interface ReaderOptions extends AskOptions {
  readonly store: Store;
  readonly replays: Replays;
  readonly headFirst: HeadFirst;
  readonly repairs: Repairs;
  readonly logger: Logger;
}

type ReadKind = Extract<Operation, { kind: 'read' }>['what'];

/** One read on its way through the answerers. */
interface Read {
  readonly call: Call;
  readonly what: ReadKind;
  /** Undefined: its answer can neither be replayed nor kept. */
  readonly repeatable: Repeatable | undefined;
  /** The request itself, as a question. */
  readonly question: Question;
  /** The answer to a HEAD, for the GET to be compared with. */
  comparison: Comparison | undefined;
}

/** Answers the read and returns true, or leaves it to the next. */
type Answerer = (read: Read) => Promise<boolean> | boolean;

export class Reader {
  readonly #options: ReaderOptions;
  readonly #answerers: readonly Answerer[] = [
    (read) => this.#replay(read),
    (read) => this.#answerByHead(read),
    (read) => this.#answerByEmulator(read),
  ];

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Answers one read. Never rejects. */
  async read(call: Call, what: ReadKind): Promise<void> {
    const { emulator, store, replays, logger } = this.#options;
    const { req, res, target } = call;
    let sending: Sending | undefined;
    res.on('close', () => {
      if (!res.writableFinished) sending?.abort();
    });
    try {
      const question: Question = {
        method: req.method ?? 'GET',
        path: () => upstreamPath(store, call),
        onBegun(begun) {
          sending = begun;
        },
      };
      const repeatable = what === 'any' ? replays.begin(call) : undefined;
      const read: Read = { call, what, repeatable, question, comparison: undefined };
      for (const answerer of this.#answerers) {
        const isAnswered = answerer(read); // a kept head is given at the instant at which it was found valid
        if (typeof isAnswered === 'boolean' ? isAnswered : await isAnswered) return;
      }
    } catch (thrown) {
      if (res.destroyed) return;
      const error = asKeepsakeError(thrown);
      if (error.code === 'S3Unavailable') emulator.gate.suspect();
      if (error.kind === 'bug') logger.error({ err: thrown, method: req.method }, 'a read failed');
      sendS3Error(res, s3ErrorOf(error), target.path);
    }
  }

  #replay({ call, repeatable }: Read): Promise<boolean> | boolean {
    return repeatable !== undefined && this.#options.replays.answer(call, repeatable);
  }

  async #answerByHead(read: Read): Promise<boolean> {
    const { call, repeatable, question } = read;
    if (repeatable === undefined) return false;
    // An x-id, which names the operation, is all that its query can be.
    const head = { ...question, method: 'HEAD', path: () => question.path().replace(/\?.*$/, '') };
    const done = await this.#options.headFirst.answer(call, repeatable, () => ask(this.#options, call, head));
    if (done === 'answered') return true;
    read.comparison = done;
    return false;
  }

  async #answerByEmulator({ call, what, repeatable, question, comparison }: Read): Promise<true> {
    const { replays, headFirst, repairs } = this.#options;
    let response = await ask(this.#options, call, question);
    const mayBeLost = response.statusCode === 404 && call.target.key !== '' && what === 'any';
    if (mayBeLost && (await repairs.repairAbsent(call))) {
      response.resume();
      response = await ask(this.#options, call, question);
    }
    const answer = givenBy(response);
    const isKept = repeatable && replays.keep(call, repeatable, answer);
    if (comparison !== undefined && isKept !== undefined) headFirst.compare(call, comparison, { answer, isKept });
    if (isTranslated(call, what, answer)) await this.#passTranslated(call, what, { response, answer });
    else this.#passBack(call, { response, answer });
    return true;
  }

  #passBack(call: Call, { response, answer }: Passing): void {
    const { emulator, repairs } = this.#options;
    const { status, statusMessage, headers } = answer;
    call.res.writeHead(status, statusMessage, [...headers]);
    passBody(emulator, call, { response, onCut: () => void repairs.repairCut(call) });
  }

  async #passTranslated({ res }: Call, what: ReadKind, { response, answer }: Passing): Promise<void> {
    const { status, statusMessage, headers } = answer;
    const xml = (await collect(response)).toString();
    const body = Buffer.from(what === 'list-buckets' ? withoutSentinels(xml) : withClientIds(this.#options.store, xml));
    res.writeHead(status, statusMessage, withLength(headers, body.length));
    res.end(body);
  }
}

interface Passing {
  readonly response: IncomingMessage;
  readonly answer: GivenAnswer;
}

/** Whether the answer names things otherwise than clients know them. */
function isTranslated({ req }: Call, what: ReadKind, { status }: GivenAnswer): boolean {
  return what !== 'any' && req.method === 'GET' && status === 200;
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
