// Uploads over time: sends a few at once, takes each through the queue's steps. Lives as long as the page, so looking
// at another view does not stop them.
import type { ImageJson } from '../../shared/image.ts';
import { failureOf } from './failure.ts';
import type { SendOptions } from './send-image.ts';
import { afterStep, toStart, type UploadQueue, type UploadStep, withoutEnded } from './upload-queue.ts';

interface UploadsOptions {
  readonly send: (file: File, options: SendOptions) => Promise<ImageJson>;
  readonly onStored: (image: ImageJson) => void;
  /** Uploads at once: browsers keep six connections a host, and the page needs some for pictures. @default 3 */
  readonly parallel?: number;
}

/** Fires `change` after each change of `queue`. */
export class Uploads extends EventTarget {
  readonly #options: UploadsOptions;
  readonly #files = new Map<number, File>();
  readonly #sending = new Map<number, AbortController>();
  #queue: UploadQueue = [];
  #lastId = 0;

  constructor(options: UploadsOptions) {
    super();
    this.#options = options;
  }

  get queue(): UploadQueue {
    return this.#queue;
  }

  add(files: readonly File[]): void {
    const added = files.map((file) => {
      this.#lastId += 1;
      this.#files.set(this.#lastId, file);
      return { id: this.#lastId, name: file.name, sizeBytes: file.size, state: { kind: 'waiting' } as const };
    });
    this.#set([...this.#queue, ...added]);
    this.#startNext();
  }

  /** An upload whose last byte is sent may be stored all the same; the gallery shows it then after a reload. */
  cancel(id: number): void {
    this.#step({ kind: 'cancelled', id });
    this.#sending.get(id)?.abort();
  }

  retry(id: number): void {
    this.#step({ kind: 'retried', id });
    this.#startNext();
  }

  /** Forgets those that are over, and their files. */
  clearEnded(): void {
    const open = withoutEnded(this.#queue);
    const kept = new Set(open.map(({ id }) => id));
    for (const id of this.#files.keys()) if (!kept.has(id)) this.#files.delete(id);
    this.#set(open);
  }

  #startNext(): void {
    for (const { id } of toStart(this.#queue, this.#options.parallel ?? 3)) {
      const file = this.#files.get(id);
      if (file) void this.#send(id, file);
    }
  }

  async #send(id: number, file: File): Promise<void> {
    const controller = new AbortController();
    this.#sending.set(id, controller);
    this.#step({ kind: 'started', id });
    try {
      const image = await this.#options.send(file, {
        onProgress: (sentBytes) => this.#step({ kind: 'sent', id, sentBytes }),
        signal: controller.signal,
      });
      this.#step({ kind: 'stored', id, image });
      this.#options.onStored(image);
    } catch (error) {
      if (!controller.signal.aborted) this.#step({ kind: 'failed', id, failure: failureOf(error) });
    } finally {
      // A retry of a cancelled upload may have put its own controller here already.
      if (this.#sending.get(id) === controller) this.#sending.delete(id);
      this.#startNext();
    }
  }

  #step(step: UploadStep): void {
    const next = afterStep(this.#queue, step);
    if (next !== this.#queue) this.#set(next);
  }

  #set(queue: UploadQueue): void {
    this.#queue = queue;
    this.dispatchEvent(new Event('change'));
  }
}
