// First reads by HEAD. The store holds the bytes of a read too, so the emulator is asked for its head alone. That costs
// the emulator less, and saves the more the larger the object is (`npm run bench:keeper`, first-get).
//
// The keeper does not assume that a HEAD tells what the GET would: it looks, in each session anew. The first read of each
// kind of object, by each kind of client, asks for both. A kind is made of all that the keeper knows and that a head could
// depend on. Where the two differ in more than the order of their headers, reads of that kind stay GETs.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Call } from '../s3/call.ts';
import type { ObjectRecord, Store } from '../store/contract.ts';
import { type GivenAnswer, givenBy } from '../upstream/send.ts';
import { isMadeAnew } from './answer-head.ts';
import { type Repeatable, type Replays, unlessDamaged } from './replay.ts';

/** A HEAD's answer, to be compared with the GET's. */
export interface Comparison {
  readonly kind: string;
  readonly head: GivenAnswer;
}

/** The names of a GET's headers, in order; null: a HEAD tells something else. */
type HeaderOrder = readonly string[] | null;

const maxKinds = 10_000;

/** Of which kinds of reads it was seen that a HEAD tells the same, in the session in force. */
class HeadTrust {
  readonly #orders = new Map<string, HeaderOrder>();
  #epoch = -1;

  /** Undefined: not seen yet. */
  find(epoch: number, kind: string): HeaderOrder | undefined {
    return epoch === this.#epoch ? this.#orders.get(kind) : undefined;
  }

  note(epoch: number, kind: string, order: HeaderOrder): void {
    if (epoch < this.#epoch) return;
    if (epoch > this.#epoch || this.#orders.size >= maxKinds) this.#orders.clear();
    this.#epoch = epoch;
    this.#orders.set(kind, order);
  }
}

export class HeadFirst {
  readonly #trust = new HeadTrust();
  readonly #store: Store;
  readonly #replays: Replays;

  constructor(store: Store, replays: Replays) {
    this.#store = store;
    this.#replays = replays;
  }

  /**
   * Answers a GET with the head of a HEAD, sent by `ask`, and the store's bytes. 'answered', or the comparison that the GET
   * has to be held against; undefined: only the GET will do.
   */
  async answer(
    call: Call,
    repeatable: Repeatable,
    ask: () => Promise<IncomingMessage>,
  ): Promise<'answered' | Comparison | undefined> {
    const { req, target, epoch } = call;
    if (req.method !== 'GET' || req.headers.range !== undefined) return undefined;
    const record = unlessDamaged(() => this.#store.object(target.bucket, target.key));
    // One that is not all ASCII has a place of its own among the headers (../upstream/send.ts).
    if (record === undefined || /[\x80-\xff]/.test(record.headers['content-disposition'] ?? '')) return undefined;
    const kind = kindOf(repeatable, record);
    const order = this.#trust.find(epoch, kind);
    if (order === null) return undefined;
    const response = await ask();
    response.resume();
    const head = givenBy(response);
    if (order === undefined) return head.status === 404 || head.status >= 500 ? undefined : { kind, head };
    const headers = head.status === 200 ? inOrder(head.headers, order) : undefined;
    if (headers === undefined || !this.#replays.keep(call, { ...repeatable, record }, { ...head, headers }))
      return undefined;
    return (await this.#replays.answer(call, repeatable)) ? 'answered' : undefined;
  }

  /** Notes whether the GET said what the HEAD did. `isKept`: its head can be given again. */
  compare(
    { epoch }: Call,
    { kind, head }: Comparison,
    { answer, isKept }: { readonly answer: GivenAnswer; readonly isKept: boolean },
  ): void {
    const order = orderOf(answer.headers);
    const same = head.status === answer.status ? inOrder(head.headers, order) : undefined;
    const isAlike = isKept && same !== undefined && steadyPart(same) === steadyPart(answer.headers);
    this.#trust.note(epoch, kind, isAlike ? order : null);
  }
}

// A kind is made of three things. The request, but for its path and for where a browser comes from within a site. The
// bucket as it is set. The object: the names of all its headers and settings, the values of those that an emulator may act
// on, and its size. LocalStack, for one, refuses the GET of a GLACIER object, and not its HEAD. The size counts by powers of
// two, for emulators that compress large answers.
function kindOf({ variant, state }: Repeatable, record: ObjectRecord): string {
  const { bucket, headers, settings, parts, sizeBytes } = record;
  const request = variant.slice(variant.indexOf('\n') + 1).replace(/^(referer:\w+:\/\/[^/\n]*).*$/m, '$1');
  const object = Object.entries(headers).map(([name, value]) => (isFree(name) ? name : `${name}:${value}`));
  const names = settings.map(({ name }) => name);
  const form = [parts !== null, Math.ceil(Math.log2(sizeBytes + 1))];
  const kind = JSON.stringify([request, bucket, state.bucketSeal, object.sort(), names.sort(), form]);
  return createHash('sha256').update(kind).digest('base64');
}

/** Whether a header only describes: each object may say something of its own in it. */
function isFree(name: string): boolean {
  if (!name.startsWith('x-amz-')) return name !== 'content-type' && name !== 'content-encoding';
  return name === 'x-amz-tagging' || name.startsWith(ownMetadata) || name.startsWith('x-amz-checksum-');
}

const ownMetadata = 'x-amz-meta-';

// Metadata is told in an order of its own.
function placeOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.startsWith(ownMetadata) ? ownMetadata : lower;
}

function orderOf(headers: readonly string[]): readonly string[] {
  return headers.filter((_, i) => i % 2 === 0).map(placeOf);
}

/** The headers in this order; undefined when they are others. */
function inOrder(headers: readonly string[], order: readonly string[]): string[] | undefined {
  if (headers.length !== 2 * order.length) return undefined;
  const pairs = new Map<string, string[]>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i], headers[i + 1]];
    const place = placeOf(name);
    pairs.set(place, [...(pairs.get(place) ?? []), name, value]);
  }
  const ordered = order.flatMap((place) => pairs.get(place)?.splice(0, 2) ?? []);
  return ordered.length === headers.length ? ordered : undefined;
}

// All but what is each answer's own.
function steadyPart(headers: readonly string[]): string {
  return JSON.stringify(headers.filter((_, i) => i % 2 === 0 || !isMadeAnew((headers[i - 1] ?? '').toLowerCase())));
}
