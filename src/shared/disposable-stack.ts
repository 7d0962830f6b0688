// AsyncDisposableStack for Node 22, the oldest that runs the packed package; from 24 on Node has its own. Import it first
// where a process starts. Only what Keepsake uses of it: `defer`, `disposeAsync`, `await using`.

class Stack implements AsyncDisposable {
  readonly #deferred: (() => unknown)[] = [];

  defer(work: () => unknown): void {
    this.#deferred.push(work);
  }

  /** Runs what was deferred, last first, all of it; then throws the first error there was. */
  async disposeAsync(): Promise<void> {
    const errors: unknown[] = [];
    for (let work = this.#deferred.pop(); work; work = this.#deferred.pop()) {
      try {
        await work();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}

globalThis.AsyncDisposableStack ??= Stack as unknown as typeof AsyncDisposableStack;
