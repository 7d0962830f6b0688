// Locks by name, first come first served, shared or exclusive. Requests that change a key hold its bucket shared and
// the key alone; whoever needs the whole bucket holds it alone. Memory of a name goes with its last holder.

/** A lock to take. `isShared`: together with other shared holders. */
export interface LockRequest {
  readonly name: string;
  readonly isShared: boolean;
}

export type Release = () => void;

interface Waiter {
  readonly isShared: boolean;
  readonly start: () => void;
}

interface Lock {
  holders: number;
  isShared: boolean;
  readonly waiters: Waiter[];
}

export class Locks {
  readonly #locks = new Map<string, Lock>();

  /** Names in use. */
  get size(): number {
    return this.#locks.size;
  }

  /**
   * Takes all locks in the order of their names, whatever the order given, so that no two callers wait for each other.
   * A name given twice is taken once, alone if either request asks for it.
   */
  async acquireAll(requests: readonly LockRequest[]): Promise<Release> {
    const wanted = new Map<string, boolean>();
    for (const { name, isShared } of requests) wanted.set(name, isShared && (wanted.get(name) ?? true));
    const names = [...wanted.keys()].sort();
    for (const name of names) {
      const waiting = this.#acquire(name, wanted.get(name) ?? false);
      if (waiting !== undefined) await waiting;
    }
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      for (const name of names) this.#release(name);
    };
  }

  #acquire(name: string, isShared: boolean): Promise<void> | undefined {
    const lock = this.#locks.get(name);
    if (lock === undefined) {
      this.#locks.set(name, { holders: 1, isShared, waiters: [] });
      return undefined;
    }
    // A shared request waits behind an exclusive one that came first: nobody starves.
    if (isShared && lock.isShared && lock.waiters.length === 0) {
      lock.holders += 1;
      return undefined;
    }
    return new Promise((start) => {
      lock.waiters.push({ isShared, start });
    });
  }

  #release(name: string): void {
    const lock = this.#locks.get(name);
    if (lock === undefined) return;
    lock.holders -= 1;
    if (lock.holders > 0) return;
    const first = lock.waiters.shift();
    if (first === undefined) {
      this.#locks.delete(name);
      return;
    }
    lock.holders = 1;
    lock.isShared = first.isShared;
    first.start();
    while (lock.isShared && lock.waiters[0]?.isShared) {
      lock.holders += 1;
      lock.waiters.shift()?.start();
    }
  }
}

/** Names of locks. The key's bucket comes first in name order, as in every list of names. */
export const bucketLock = (bucket: string, isShared: boolean): LockRequest => ({ name: bucket, isShared });
export const keyLock = (bucket: string, key: string): LockRequest => ({ name: `${bucket}/${key}`, isShared: false });
/** An upload: its parts hold it shared, completing or aborting it holds it alone. `\n` occurs in no bucket's name. */
export const uploadLock = (uploadId: string, isShared: boolean): LockRequest => ({ name: `\n${uploadId}`, isShared });
export const partLock = (uploadId: string, partNumber: number): LockRequest => ({
  name: `\n${uploadId}\n${partNumber}`,
  isShared: false,
});
