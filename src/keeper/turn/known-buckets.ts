// Buckets that the store is known to have. A bucket made behind the keeper's back is saved before anything in it is: without
// the bucket its objects could not be put back.
import { captureBucket } from '../put-back/capture.ts';
import { pathOf } from '../s3/target.ts';
import type { Store } from '../store/contract.ts';
import type { EmulatorClient } from '../upstream/client.ts';

export class KnownBuckets {
  readonly #store: Store;
  readonly #names = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Saves the bucket unless the store has it. */
  async ensure(client: EmulatorClient, bucket: string): Promise<void> {
    if (this.#names.has(bucket)) return;
    if (!this.#store.buckets().some((known) => known.bucket === bucket)) {
      const { status } = await client.call('HEAD', pathOf(bucket));
      if (status !== 200) return; // there is none: the emulator will say so
      await captureBucket(this.#store, client, bucket);
    }
    this.#names.add(bucket);
  }

  has(bucket: string): boolean {
    return this.#names.has(bucket);
  }

  forget(bucket: string): void {
    this.#names.delete(bucket);
  }
}
