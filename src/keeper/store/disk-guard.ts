// Keeps the disk from filling up: what needs space is refused while less than a set margin would be left, before the
// emulator has seen a byte of it. Deletes, aborts and reads go on, and so does all else when there is room again.
// A full disk would be survived too (`DiskFull`), but then emulator and store disagree until it is settled.
import { statfs } from 'node:fs/promises';
import { KeepsakeError } from '../../shared/errors.ts';
import { sizeOf } from '../../shared/words.ts';

export interface DiskSpace {
  /** The bytes that this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskGuardOptions {
  readonly folder: string;
  /** 0: nothing is refused. */
  readonly minFreeBytes: number;
  /** Bytes that undo holds: told with a refusal. */
  readonly heldForUndo: () => number;
  /** Reads the space. For tests. @default statfs(2) of the folder */
  readonly readSpace?: () => Promise<DiskSpace>;
}

/** A body on its way to the disk. */
export interface Incoming {
  /** Bytes announced. */
  readonly sizeBytes: number;
  /** Those of them that have not come yet. */
  remaining(): number;
}

/** The space is read anew this often; what is admitted in between is reckoned with. */
const readEveryMs = 250;

export class DiskGuard {
  readonly #options: DiskGuardOptions;
  readonly #readSpace: () => Promise<DiskSpace>;
  /** Bodies under way, or ended since the last reading: the bytes that the reading did not show. */
  readonly #promised = new Map<Incoming, { bytes: number; isOver: boolean }>();
  #promisedBytes = 0;
  #space: DiskSpace | null = null;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DiskGuardOptions) {
    this.#options = options;
    this.#readSpace = options.readSpace ?? (() => spaceOf(options.folder));
  }

  /** The space at the last reading; null when it can't be read. */
  get space(): DiskSpace | null {
    return this.#space;
  }

  get minFreeBytes(): number {
    return this.#options.minFreeBytes;
  }

  /** Whether what needs space is refused. */
  get isLow(): boolean {
    return !this.#hasRoomFor(0);
  }

  async start(): Promise<void> {
    await this.#read();
    this.#timer = setInterval(() => void this.#read(), readEveryMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /**
   * Takes a body in, or refuses it. Undefined: at once. The caller tells `end` when nothing more of it comes.
   * @throws (rejects) KeepsakeError `DiskFull`
   */
  admit(incoming: Incoming): Promise<void> | undefined {
    if (this.#hasRoomFor(incoming.sizeBytes)) {
      this.#promise(incoming);
      return undefined;
    }
    return this.#admitAfterReading(incoming);
  }

  end(incoming: Incoming): void {
    const promised = this.#promised.get(incoming);
    if (promised) promised.isOver = true;
  }

  // There may be room since a moment ago.
  async #admitAfterReading(incoming: Incoming): Promise<void> {
    await this.#reading; // begun earlier: it may not have seen the room that was made
    await this.#read();
    if (!this.#hasRoomFor(incoming.sizeBytes)) throw this.#refusal(incoming.sizeBytes);
    this.#promise(incoming);
  }

  #promise(incoming: Incoming): void {
    this.#promised.set(incoming, { bytes: incoming.sizeBytes, isOver: false });
    this.#promisedBytes += incoming.sizeBytes;
  }

  // P8's rule here too: a disk that can't be asked is not known to be full.
  #hasRoomFor(bytes: number): boolean {
    const { minFreeBytes } = this.#options;
    return minFreeBytes === 0 || this.#space === null || this.#leftOver() - bytes >= minFreeBytes;
  }

  #leftOver(): number {
    return (this.#space?.freeBytes ?? 0) - this.#promisedBytes;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    // As it is before the reading: what comes meanwhile is reckoned with twice, rather than not at all.
    const missing = [...this.#promised].map(([incoming, { isOver }]) => {
      return [incoming, isOver ? undefined : incoming.remaining()] as const;
    });
    this.#space = await this.#readSpace().catch(() => null);
    for (const [incoming, bytes] of missing) {
      const promised = this.#promised.get(incoming);
      if (bytes === undefined) this.#promised.delete(incoming);
      else if (promised) promised.bytes = bytes;
    }
    this.#promisedBytes = [...this.#promised.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #refusal(sizeBytes: number): KeepsakeError {
    const { folder, minFreeBytes, heldForUndo } = this.#options;
    const { freeBytes, totalBytes } = this.#space ?? { freeBytes: 0, totalBytes: 0 };
    const promised = this.#promisedBytes > 0 ? `, ${sizeOf(this.#promisedBytes)} of them promised` : '';
    const asked = sizeBytes > 0 ? `, and ${sizeOf(sizeBytes)} more asked for` : '';
    return new KeepsakeError('DiskFull', {
      what: `the disk that holds ${folder} is nearly full, and nothing of this request was taken`,
      expected: `${sizeOf(minFreeBytes)} left free (KEEPER_MIN_FREE)`,
      got: `${sizeOf(freeBytes)} of ${sizeOf(totalBytes)} free${promised}${asked}`,
      remedy: `Make room on it, or lower KEEPER_RETENTION or KEEPER_RETENTION_SIZE: undo holds ${sizeOf(heldForUndo())}. The keeper goes on by itself.`,
    });
  }
}

async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
