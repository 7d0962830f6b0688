// The heads that can be given again, in memory, bounded in number and bytes: the one that was not used for longest goes.
import type { AnswerHead } from './answer-head.ts';

/** The states that a head is good for: one state of an object in one session of the emulator. */
export interface HeadValidity {
  readonly epoch: number;
  /** See `ObjectState` in ../store/contract.ts. */
  readonly seal: string;
}

interface Entry extends HeadValidity {
  readonly head: AnswerHead;
  readonly sizeBytes: number;
}

// An entry's objects, beside its strings.
const entryBytes = 500;

export class HeadCache {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxEntries = 50_000, maxBytes = 32 * 1024 * 1024 } = {}) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The head kept for a variant, if it is of just this state; one of another state is dropped. */
  find(variant: string, { epoch, seal }: HeadValidity): AnswerHead | undefined {
    const entry = this.#entries.get(variant);
    if (entry === undefined) return undefined;
    this.#entries.delete(variant);
    if (entry.epoch !== epoch || entry.seal !== seal) {
      this.#bytes -= entry.sizeBytes;
      return undefined;
    }
    this.#entries.set(variant, entry); // used last
    return entry.head;
  }

  keep(variant: string, { epoch, seal }: HeadValidity, head: AnswerHead): void {
    this.drop(variant);
    const sizeBytes = variant.length + seal.length + head.sizeBytes + entryBytes;
    this.#entries.set(variant, { epoch, seal, head, sizeBytes });
    this.#bytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.drop(oldest);
    }
  }

  /** To be called when an object was put back in the same session: the emulator tells another time of it. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  drop(variant: string): void {
    const entry = this.#entries.get(variant);
    if (entry === undefined) return;
    this.#entries.delete(variant);
    this.#bytes -= entry.sizeBytes;
  }
}
