// Reads answered by the keeper itself: with the head that the emulator gave to the same request before, and the bytes of
// the store. The emulator stays the authority for every header; what is saved is its time.
//
// Why it is right (P1, P2): three things hold at one instant, without waiting in between. The gate is open. There is no
// doubt: no change of the key or of its bucket is between its last byte and its commit. And the store's state is the one
// that the head was given for. Without a doubt, emulator and store hold the same state of the key. So the keeper's answer
// is the one that the emulator would give at that instant. A commit makes another state: another version, or another check
// of the object's or bucket's row. Another session is another epoch. After either, the head is of no use, and the next one
// is the emulator's. A head is kept when the state before the request left is the state after its answer was believed and settled.
import type { Readable } from 'node:stream';
import { KeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Call } from '../s3/call.ts';
import type { ObjectRecord, ObjectState, Store } from '../store/contract.ts';
import type { Doubts } from '../turn/doubts.ts';
import type { Gate } from '../upstream/gate.ts';
import { drained, type GivenAnswer } from '../upstream/send.ts';
import { type AnswerHead, freshHeaders, keepableHead } from './answer-head.ts';
import type { HeadCache } from './head-cache.ts';
import { variantOf } from './request-variant.ts';

/** A read whose answer can be kept, as it began. */
export interface Repeatable {
  readonly variant: string;
  readonly state: ObjectState;
  /** That of the state, where it was read. */
  readonly record?: ObjectRecord;
}

export interface ReplayOptions {
  readonly store: Store;
  readonly gate: Gate;
  readonly doubts: Doubts;
  readonly heads: HeadCache;
  readonly logger: Logger;
}

export class Replays {
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Reads the state of the object at the start of a read; undefined when its answer can neither be replayed nor kept. */
  begin({ req, target }: Call): Repeatable | undefined {
    const { store, doubts } = this.#options;
    const { bucket, key } = target;
    const variant = variantOf(req, target);
    if (variant === undefined || doubts.settled(bucket, key) !== undefined) return undefined;
    const state = unlessDamaged(() => store.state(bucket, key));
    return state && { variant, state };
  }

  /** Answers the read if it can; false: nothing was sent. To be called at once after `begin` or `keep`. */
  answer(call: Call, { variant, state }: Repeatable): Promise<boolean> | boolean {
    const { heads, gate, store } = this.#options;
    const head =
      gate.isOpen && gate.epoch === call.epoch && heads.find(variant, { epoch: call.epoch, seal: state.seal });
    if (!head) return false;
    if (call.req.method === 'HEAD') return sendWhole(call, head, undefined);
    const bytes = unlessDamaged(() => store.smallBody(state.versionId));
    if (bytes !== undefined) return sendWhole(call, head, bytes.subarray(head.start, head.end));
    return sendStreamed(this.#options, call, { variant, versionId: state.versionId, head });
  }

  /**
   * Keeps the head of an answer that was believed and settled, unless the object changed meanwhile. Returns whether it was
   * kept; undefined: the object changed, so nothing is known.
   */
  keep(
    { epoch, target: { bucket, key } }: Call,
    { variant, state: { seal }, record: read }: Repeatable,
    answer: GivenAnswer,
  ): boolean | undefined {
    const { heads, store, doubts } = this.#options;
    if (doubts.settled(bucket, key) !== undefined) return undefined;
    const isSame = unlessDamaged(() => store.state(bucket, key))?.seal === seal;
    const record = isSame ? (read ?? unlessDamaged(() => store.object(bucket, key))) : undefined;
    if (record === undefined) return undefined;
    const head = keepableHead(answer, record);
    if (head !== undefined) heads.keep(variant, { epoch, seal }, head);
    return head !== undefined;
  }
}

/** Asks the store; undefined for an entry that is damaged there, which the emulator can still answer. */
export function unlessDamaged<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof KeepsakeError) return undefined;
    throw error;
  }
}

function sendWhole({ res }: Call, head: AnswerHead, bytes: Uint8Array | undefined): true {
  res.writeHead(head.status, head.statusMessage, freshHeaders(head, new Date()));
  res.end(bytes);
  return true;
}

interface StreamedReplay {
  readonly variant: string;
  readonly versionId: number;
  readonly head: AnswerHead;
}

// The first block is read, and verified, before the head is sent: until then the emulator can still answer.
async function sendStreamed(
  { heads, store, logger }: ReplayOptions,
  { res }: Call,
  { variant, versionId, head }: StreamedReplay,
): Promise<boolean> {
  if (res.destroyed) return true; // its client left, and says so no more
  const { start, end } = head;
  const body: Readable = store.readBody(versionId, { start, end });
  const blocks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const leave = (): void => void body.destroy();
  res.on('close', leave);
  try {
    let block = await blocks.next();
    if (block.done) return false;
    res.writeHead(head.status, head.statusMessage, freshHeaders(head, new Date()));
    for (; !block.done; block = await blocks.next()) {
      if (!res.write(block.value)) await drained(res);
    }
    res.end();
    return true;
  } catch (error) {
    heads.drop(variant);
    if (res.destroyed) return true;
    logger.warn({ err: error, versionId }, 'a body could not be read from the store');
    if (!res.headersSent) return false;
    res.destroy(); // a short body must not look whole
    return true;
  } finally {
    res.off('close', leave);
  }
}
