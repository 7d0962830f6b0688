// Work under way with the emulator, which must end before a new emulator is filled. Otherwise a request may reach the new
// process, or its commit the store, after the filling has passed its key.
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

// A process that died breaks its connections at once; this is for one that neither answers nor dies.
const drainMs = 60_000;

export class Work {
  readonly #events = new EventEmitter();
  #count = 0;

  /** Notes work that begins; the caller tells its end by calling what it gets. */
  begin(): () => void {
    this.#count += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count -= 1;
      if (this.#count === 0) this.#events.emit('idle');
    };
  }

  /** Resolves when nothing is under way; what takes too long is broken off by `cut`. @throws when `stopping` aborts first */
  async untilIdle(cut: () => void, stopping: AbortSignal): Promise<void> {
    if (this.#count === 0) return;
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, stopping]);
    delay(drainMs, undefined, { signal }).then(cut, () => {}); // aborted: all came to their ends
    await once(this.#events, 'idle', { signal });
    done.abort();
  }
}
