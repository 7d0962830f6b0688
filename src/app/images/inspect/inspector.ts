// Has images looked at in a process of their own, one at a time and within a time. An image that makes that process hang
// or die is refused, and nothing else is touched (P7).
import { type ChildProcess, fork } from 'node:child_process';
import { KeepsakeError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import {
  type Drawing,
  type DrawJob,
  type ImageFacts,
  type Inspection,
  type InspectJob,
  type InspectLimits,
  type Refused,
  refuse,
} from './facts.ts';

export interface InspectorOptions extends InspectLimits {
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** A job without its limits, which are the inspector's. */
type Task<Job extends InspectJob> = Job extends unknown ? Omit<Job, keyof InspectLimits> : never;

/** Without work for that long, the process ends: it holds some 80 MiB. */
const idleMs = 60_000;

export class Inspector {
  readonly #options: InspectorOptions;
  #last: Promise<unknown> = Promise.resolve();
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  /**
   * Decodes a whole image. A source that is a file may be written over in its first bytes.
   * @throws KeepsakeError `UnsupportedMediaType` when no browser would show it, `TooManyPixels`
   */
  async inspect(job: Task<InspectJob>, signal: AbortSignal): Promise<ImageFacts> {
    const inspection = await this.#inTurn<Inspection>(job, signal);
    if (inspection.kind === 'image') return inspection.facts;
    throw refusalError(inspection, this.#options);
  }

  /** Draws an image as a still WebP; undefined when it can't be drawn. The source as for `inspect`; no SVG. */
  async draw(job: Task<DrawJob>, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const drawing = await this.#inTurn<Drawing>(job, signal);
    return drawing.kind === 'drawn' ? drawing.bytes : undefined;
  }

  #inTurn<T>(job: Task<InspectJob | DrawJob>, signal: AbortSignal): Promise<T | Refused> {
    const turn = this.#last.then(() => this.#runNow<T>(job, signal));
    this.#last = turn.catch(() => {}); // the caller gets the error; the next in line only waits for the end
    return turn;
  }

  /** Ends the process, and with it what it looks at. */
  close(): void {
    clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #runNow<T>(job: Task<InspectJob | DrawJob>, signal: AbortSignal): Promise<T | Refused> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const child = this.#child ?? this.#start();
    const { maxPixels, maxMemoryBytes, timeoutMs, logger } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<T | Refused>();
    const endBy = (got: string): void => {
      logger.warn({ type: job.type, reason: got }, 'an image could not be decoded');
      this.close();
      resolve(refuse({ kind: 'damaged', got }));
    };
    const onAbort = (): void => {
      this.close(); // nobody waits for this image any more
      reject(signal.reason);
    };
    const onExit = (): void => endBy('an image whose decoding failed');
    const timer = setTimeout(() => endBy(`an image that is not decoded within ${timeoutMs / 1000} s`), timeoutMs);
    child.once('message', resolve).once('exit', onExit).once('error', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    child.send({ ...job, maxPixels, maxMemoryBytes });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      child
        .off('message', resolve)
        .off('exit', onExit)
        .off('error', onExit)
        .on('error', () => {});
      this.#idle = setTimeout(() => this.close(), idleMs).unref();
    }
  }

  #start(): ChildProcess {
    const child = fork(new URL('./inspector-process.ts', import.meta.url), {
      serialization: 'advanced',
      execArgv: [],
      env: {}, // no secrets; and `node --watch` would have it report its modules where answers are awaited
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.unref();
    child.channel?.unref();
    this.#child = child;
    return child;
  }
}

function refusalError({ refusal }: Refused, { maxPixels, maxMemoryBytes }: InspectLimits): KeepsakeError {
  switch (refusal.kind) {
    case 'too-many-pixels':
      return new KeepsakeError('TooManyPixels', {
        what: 'the image has too many pixels',
        expected: `at most ${maxPixels}`,
        got: refusal.got,
        remedy: 'Send a smaller version of it, or raise MAX_IMAGE_PIXELS.',
      });
    case 'too-much-memory':
      return new KeepsakeError('TooManyPixels', {
        what: 'the image has too many pixels for its format, which is decoded as a whole',
        expected: `at most ${Math.round(maxMemoryBytes / 1024 ** 2)} MiB of memory`,
        got: refusal.got,
        remedy: 'Send it as a JPEG or PNG that is not progressive, or raise MAX_IMAGE_MEMORY.',
      });
    case 'damaged':
      return new KeepsakeError('UnsupportedMediaType', {
        what: 'the image is damaged or incomplete: it can not be shown',
        expected: 'a whole PNG, JPEG, GIF, WebP, AVIF or SVG',
        got: refusal.got,
        remedy: 'Open it in an image program, save it anew, and send that.',
      });
  }
}
