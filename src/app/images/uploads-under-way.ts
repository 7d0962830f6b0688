// The uploads under way in this process. Bounds their number, and renews their sign of life in the database, so that
// nobody takes a slow one for dead.
import { KeepsakeError } from '../../shared/errors.ts';
import type { Pool } from '../../shared/postgres.ts';
import { renewPending } from './rows.ts';

export class UploadsUnderWay {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place for an upload; `leave` gives it back. @throws KeepsakeError `Overloaded` when none is free. */
  enter(id: string): void {
    if (this.#ids.size >= this.#limit)
      throw new KeepsakeError('Overloaded', {
        what: 'too many uploads at once',
        expected: `at most ${this.#limit}`,
        remedy: 'Try again in a moment.',
      });
    this.#ids.add(id);
  }

  leave(id: string): void {
    this.#ids.delete(id);
  }

  get count(): number {
    return this.#ids.size;
  }

  /** Renews the sign of life of all uploads here; to be called several times within the grace. */
  async renew(pool: Pool, now: Date): Promise<void> {
    if (this.#ids.size > 0) await renewPending(pool, [...this.#ids], now);
  }
}
