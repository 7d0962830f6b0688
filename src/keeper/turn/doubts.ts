// Changes that the emulator may show already and the store doesn't hold yet. A read that might have seen one waits
// until it is durable: what a client has seen can't be lost afterwards (P1).

/** A change between its last byte to the emulator and its commit. `keys` null: any key of the bucket. */
interface Doubt {
  readonly bucket: string;
  readonly keys: ReadonlySet<string> | null;
  readonly isOver: Promise<void>;
  readonly since: number;
}

/** How a change came out: `unknown` to its client, and since decided, perhaps undone. */
export type DoubtEnd = 'committed' | 'unknown';

/** A read under way. `key` '': of the bucket as a whole. */
export interface Watch {
  readonly bucket: string;
  readonly key: string;
  /** A change of it was open at some time since it began. */
  isRaced: boolean;
  /** One of those may have been undone. */
  isUndone: boolean;
}

export class Doubts {
  readonly #open = new Set<Doubt>();
  readonly #watches = new Set<Watch>();

  /** How many are open, and how long the oldest has been. */
  now(): { readonly count: number; readonly oldestMs: number } {
    const [oldest] = this.#open;
    return { count: this.#open.size, oldestMs: oldest === undefined ? 0 : performance.now() - oldest.since };
  }

  /** Opens a doubt; the caller ends it by calling what it gets. */
  open(bucket: string, keys: readonly string[] | null): (end: DoubtEnd) => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const doubt = { bucket, keys: keys && new Set(keys), isOver: promise, since: performance.now() };
    this.#open.add(doubt);
    for (const watch of this.#watches) watch.isRaced ||= concerns(doubt, watch.bucket, watch.key);
    return (end) => {
      this.#open.delete(doubt);
      if (end === 'unknown')
        for (const watch of this.#watches) watch.isUndone ||= concerns(doubt, watch.bucket, watch.key);
      resolve();
    };
  }

  /** Resolves when all present doubts about the key (all keys of the bucket, when '') are over; undefined: none. */
  settled(bucket: string, key: string): Promise<unknown> | undefined {
    if (this.#open.size === 0) return undefined;
    const waits: Promise<void>[] = [];
    for (const doubt of this.#open) {
      if (concerns(doubt, bucket, key)) waits.push(doubt.isOver);
    }
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** Watches for changes of the key, those open now included; the caller ends it by `unwatch`. */
  watch(bucket: string, key: string): Watch {
    const watch = { bucket, key, isRaced: this.settled(bucket, key) !== undefined, isUndone: false };
    this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch);
  }
}

function concerns(doubt: Doubt, bucket: string, key: string): boolean {
  return doubt.bucket === bucket && (key === '' || doubt.keys === null || doubt.keys.has(key));
}
