// Which keys the emulator holds as the store does, in one session: all that the walk in key order has passed, and those
// put back ahead of it. Memory is flat, because only so many of those ahead are remembered. A forgotten one is put back
// once more, which is right at any time under the key's lock.
import { compareKeys } from '../../shared/key-order.ts';
import type { KeyName } from '../s3/target.ts';

interface Walked extends KeyName {
  readonly sizeBytes: number;
  isDone: boolean;
}

const defaultLimit = 50_000;

export class WholeKeys {
  readonly #limit: number;
  /** The keys that the walk has begun and not passed, in key order: the first is not done yet. */
  readonly #walking = new Map<string, Walked>();
  /** Done ahead of the walk: their sizes. */
  readonly #ahead = new Map<string, number>();
  #mark: KeyName = { bucket: '', key: '' };
  #passed = 0;
  #passedBytes = 0;
  #aheadBytes = 0;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  /** How many are whole, and their bytes. */
  get done(): { readonly objects: number; readonly bytes: number } {
    return { objects: this.#passed + this.#ahead.size, bytes: this.#passedBytes + this.#aheadBytes };
  }

  /** Whether the walk may begin no more for now: one key that takes long must not have all others remembered. */
  get isFull(): boolean {
    return this.#walking.size >= this.#limit;
  }

  has(name: KeyName): boolean {
    if (compareNames(name, this.#mark) <= 0) return true;
    const text = textOf(name);
    return this.#ahead.has(text) || this.#walking.get(text)?.isDone === true;
  }

  /** The walk comes to a key; keys come in order. */
  begin({ bucket, key, sizeBytes }: KeyName & { readonly sizeBytes: number }): void {
    const text = textOf({ bucket, key });
    const isDone = this.#ahead.has(text);
    this.#forget(text);
    this.#walking.set(text, { bucket, key, sizeBytes, isDone });
    this.#advance();
  }

  /** The keys that the walk has begun and not finished: it goes on from them after a failure. */
  unfinished(): readonly KeyName[] {
    return [...this.#walking.values()].filter(({ isDone }) => !isDone);
  }

  /** A key is whole. */
  add(name: KeyName, sizeBytes: number): void {
    const text = textOf(name);
    const walked = this.#walking.get(text);
    if (walked !== undefined) {
      walked.isDone = true;
      this.#advance();
    } else if (compareNames(name, this.#mark) > 0) {
      this.#forget(text);
      this.#ahead.set(text, sizeBytes);
      this.#aheadBytes += sizeBytes;
      const [oldest] = this.#ahead.size > this.#limit ? this.#ahead.keys() : [];
      if (oldest !== undefined) this.#forget(oldest);
    }
  }

  #forget(text: string): void {
    this.#aheadBytes -= this.#ahead.get(text) ?? 0;
    this.#ahead.delete(text);
  }

  #advance(): void {
    for (const [text, walked] of this.#walking) {
      if (!walked.isDone) return;
      this.#walking.delete(text);
      this.#mark = walked;
      this.#passed += 1;
      this.#passedBytes += walked.sizeBytes;
    }
  }
}

/** The store's order: by bucket, then by key. A bucket's name holds no slash. */
function compareNames(left: KeyName, right: KeyName): number {
  return compareKeys(left.bucket, right.bucket) || compareKeys(left.key, right.key);
}

function textOf({ bucket, key }: KeyName): string {
  return `${bucket}/${key}`;
}
