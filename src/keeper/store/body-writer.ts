// Receives the bytes of a body: small ones stay in memory until their commit, larger ones go to a file as they come.
// A body belongs to whoever received it until a commit takes it.
import { KeepsakeError } from '../../shared/errors.ts';
import { BlockChecks } from './block-checks.ts';
import type { Body, BodyWriter } from './contract.ts';
import { BodyFile, type BodyFolders, type FileSystem } from './durable-files.ts';
import type { BodyContent } from './jobs.ts';
import { asStoreError } from './store-errors.ts';

export interface BodyWriterOptions {
  readonly folders: BodyFolders;
  readonly files: FileSystem;
  readonly inlineBytes: number;
  /** The size that the sender announced. A body too large to fit inline goes to a file from its first byte. */
  readonly expectedBytes: number;
}

/** The most bytes held while a write is under way; they go with the next write. This bounds the memory of a body. */
const maxHeldBytes = 512 * 1024;

/** See `BodyWriter` in contract.ts. Steps are carried out one after another; after one failed, the next fail too. */
export class BodyReceiver implements BodyWriter {
  readonly #options: BodyWriterOptions;
  readonly #checks = new BlockChecks();
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #sizeBytes = 0;
  #file: BodyFile | undefined;
  #body: ReceivedBody | undefined;
  #isDiscarded = false;
  #lastStep: Promise<unknown> = Promise.resolve();
  #writing: Promise<void> | undefined;

  constructor(options: BodyWriterOptions) {
    this.#options = options;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isDiscarded || this.#body) return Promise.reject(misuse('a body that has ended was written to'));
    this.#checks.add(chunk);
    this.#sizeBytes += chunk.length;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#isInline()) return undefined;
    this.#writing ??= this.#beginWriting();
    return this.#heldBytes >= maxHeldBytes ? this.#writing : undefined;
  }

  finish(): Promise<Body> {
    return this.#inTurn(async () => {
      if (!this.#isInline()) await this.#writeHeld();
      await this.#file?.publish();
      const content: BodyContent = {
        sizeBytes: this.#sizeBytes,
        checks: this.#checks.finish(),
        file: this.#file?.name ?? null,
        inline: this.#file ? null : joined(this.#held, this.#sizeBytes),
      };
      this.#held = [];
      this.#body = new ReceivedBody(content, this.#file);
      return this.#body;
    });
  }

  async discard(): Promise<void> {
    this.#isDiscarded = true;
    await this.#lastStep.catch(() => {}); // told to whoever asked for that step
    this.#held = [];
    await (this.#body ?? this.#file)?.discard();
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#lastStep
      .then(() => {
        if (this.#isDiscarded || this.#body) throw misuse('a body that has ended was written to');
        return step();
      })
      .catch((error: unknown) => {
        throw asStoreError(error, this.#options.folders.bodies);
      });
    this.#lastStep = done;
    return done;
  }

  #isInline(): boolean {
    const { inlineBytes, expectedBytes } = this.#options;
    return !this.#file && Math.max(this.#sizeBytes, expectedBytes) <= inlineBytes;
  }

  #beginWriting(): Promise<void> {
    const writing = this.#inTurn(() => this.#writeHeld());
    writing.then(
      () => {
        this.#writing = undefined;
      },
      () => {}, // stays: what comes next fails, and so does the end
    );
    return writing;
  }

  async #writeHeld(): Promise<void> {
    const { folders, files } = this.#options;
    while (this.#held.length > 0) {
      this.#file ??= await BodyFile.create(folders, files);
      this.#heldBytes = 0;
      await this.#file.append(this.#held.splice(0));
    }
  }
}

/** A finished body. Exactly one commit may take it. */
export class ReceivedBody implements Body {
  readonly content: BodyContent;
  readonly #file: BodyFile | undefined;
  #isOurs = true;

  constructor(content: BodyContent, file: BodyFile | undefined) {
    this.content = content;
    this.#file = file;
  }

  get sizeBytes(): number {
    return this.content.sizeBytes;
  }

  /** Hands the body to a commit: from now on `discard` leaves it alone. */
  take(): BodyContent {
    if (!this.#isOurs) throw misuse('a body was committed twice, or after it was discarded');
    this.#isOurs = false;
    return this.content;
  }

  /** Takes the body back from a commit that surely left no trace. */
  giveBack(): void {
    this.#isOurs = true;
  }

  async discard(): Promise<void> {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    await this.#file?.discard();
  }
}

// In memory of its own: between threads the whole memory behind a view is copied, and Node's small buffers share theirs.
function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function misuse(what: string): KeepsakeError {
  return new KeepsakeError('Internal', { what });
}
