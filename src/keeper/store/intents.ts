// The changes passed to the emulator and not committed yet: one line when a change begins and one when it ends, by
// write(2) without fsync. The log outlives a killed process. A power cut may tear it, so a line that does not parse is
// skipped: the emulator is new then anyway, and the store is right. The log also holds the last count of commits that
// was acknowledged; a store that lost some is found out by it (schema.ts).
import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers';
import type { Intent } from './contract.ts';

/** The log is written anew, with the open intents only, when it has grown to this, and to twice what it then held. */
const compactAtBytes = 1024 * 1024;

type Line = { readonly begin: Intent } | { readonly end: number } | { readonly commits: number };

export class IntentLog {
  readonly #file: string;
  readonly #open: Map<number, Intent>;
  readonly #earlier: readonly number[];
  #lastId: number;
  #descriptor: number;
  #sizeBytes = 0;
  #compactAtBytes = compactAtBytes;
  #isClosed = false;
  #commits: number;
  /** Ends that the next line takes along, or the end of this turn of the event loop. */
  #ended: Line[] = [];

  /** Opens the log, made if there is none; what an earlier process left open stays open. */
  constructor(file: string) {
    this.#file = file;
    const { open, commits } = readLog(file);
    this.#open = open;
    this.#commits = commits;
    this.#earlier = [...this.#open.keys()];
    this.#lastId = Math.max(0, ...this.#earlier);
    this.#descriptor = this.#rewrite();
  }

  /** @throws what write(2) throws; then nothing has begun. */
  begin(intent: Omit<Intent, 'id'>): Intent {
    if (this.#sizeBytes > this.#compactAtBytes) this.#compact();
    const begun = { id: this.#lastId + 1, ...intent };
    this.#append({ begin: begun });
    this.#lastId = begun.id;
    this.#open.set(begun.id, begun);
    return begun;
  }

  /**
   * Its line is written within this turn of the event loop: those that one commit ended share a write. Never throws: an
   * intent that could not be ended costs one put back at the next start.
   */
  end({ id }: Intent): void {
    if (!this.#open.delete(id)) return;
    if (this.#ended.length === 0) setImmediate(() => this.#writeEnds());
    this.#ended.push({ end: id });
  }

  /** How many are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** The last count of commits that was noted. */
  get commits(): number {
    return this.#commits;
  }

  /** Notes a count of commits, before they are acknowledged. Never throws: without the note a loss goes unnoticed. */
  noteCommits(commits: number): void {
    this.#commits = commits;
    try {
      this.#append({ commits });
    } catch {
      // see above
    }
  }

  /** Those an earlier process left open and that are still open, oldest first. */
  earlier(): readonly Intent[] {
    return this.#earlier.flatMap((id) => this.#open.get(id) ?? []);
  }

  close(): void {
    this.#writeEnds();
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }

  #writeEnds(): void {
    if (this.#ended.length === 0) return;
    try {
      this.#append();
    } catch {
      // see `end`
    }
  }

  /** Writes the ends that wait, and these lines. */
  #append(...lines: readonly Line[]): void {
    if (this.#isClosed) throw new Error('the log of intents is closed'); // its descriptor may be another file's by now
    try {
      this.#sizeBytes += writeLines(this.#descriptor, [...this.#ended, ...lines]);
      this.#ended = [];
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#sizeBytes); // a line cut short by a full disk would swallow the next one
      throw error;
    }
  }

  #compact(): void {
    const old = this.#descriptor;
    this.#descriptor = this.#rewrite();
    closeSync(old);
  }

  // Written aside and renamed: a kill in between leaves the old log, which says the same.
  #rewrite(): number {
    const fresh = `${this.#file}.new`;
    rmSync(fresh, { force: true });
    const descriptor = openSync(fresh, 'a');
    try {
      const begun = Array.from(this.#open.values(), (begin) => ({ begin }));
      const sizeBytes = writeLines(descriptor, [{ commits: this.#commits }, ...begun]);
      renameSync(fresh, this.#file);
      this.#sizeBytes = sizeBytes;
      this.#compactAtBytes = Math.max(compactAtBytes, 2 * sizeBytes);
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}

function writeLines(descriptor: number, lines: readonly Line[]): number {
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
  return bytes.length;
}

/** Reads the log; empty when there is none. */
export function readLog(file: string): { readonly open: Map<number, Intent>; readonly commits: number } {
  const open = new Map<number, Intent>();
  let commits = 0;
  for (const text of readIfThere(file).split('\n')) {
    const line = parseLine(text);
    if (!line) continue;
    if ('begin' in line) open.set(line.begin.id, line.begin);
    else if ('end' in line) open.delete(line.end);
    else commits = line.commits;
  }
  return { open, commits };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as { begin?: Partial<Intent>; end?: unknown; commits?: unknown };
    const { id, bucket, key, operation } = line.begin ?? {};
    if (typeof line.commits === 'number') return { commits: line.commits };
    if (typeof line.end === 'number') return { end: line.end };
    if (typeof id !== 'number' || typeof bucket !== 'string' || typeof operation !== 'string') return undefined;
    return key === undefined ? undefined : { begin: { id, bucket, key, operation } };
  } catch {
    return undefined; // torn: see the top of this file
  }
}
