// The commits that were asked for and are not on disk yet: how many, and how long the oldest waits. Each is told when it
// ends, for who measures.
import type { ErrorCode } from '../../shared/errors.ts';
import type { CommitsWaiting } from './contract.ts';

export class CommitLoad {
  /** When each began, oldest first. */
  readonly #begun = new Set<{ readonly at: number }>();
  readonly #onCommit: (seconds: number, failure: ErrorCode | null) => void;

  constructor(onCommit: (seconds: number, failure: ErrorCode | null) => void) {
    this.#onCommit = onCommit;
  }

  /** Notes a commit; the caller tells its end by calling what it gets. */
  begin(): (failure: ErrorCode | null) => void {
    const one = { at: performance.now() };
    this.#begun.add(one);
    return (failure) => {
      this.#begun.delete(one);
      this.#onCommit((performance.now() - one.at) / 1000, failure);
    };
  }

  now(): CommitsWaiting {
    const [oldest] = this.#begun;
    return { count: this.#begun.size, oldestMs: oldest === undefined ? 0 : performance.now() - oldest.at };
  }
}
