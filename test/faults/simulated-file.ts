// A file as a disk sees it: what is durable, and what was written since. A power cut keeps of the latter what it likes:
// each sector stands at some moment since the last fsync, each at another, and so does the file's size.

/** Of `changes` that one thing saw since it was durable, in their order: how many of them a power cut leaves. */
export type Survivors = (changes: number) => number;

/** As an orderly end leaves it. */
export const allSurvive: Survivors = (changes) => changes;

/** The bytes that a disk writes as a whole, or not at all. */
const sectorBytes = 512;

/** Bytes written at a place; without bytes: zeros, which a shrunk file shows when it grows again. */
interface Pending {
  readonly position: number;
  readonly offset: number;
  readonly bytes: Buffer | undefined;
  readonly sizeAfter: number;
}

export class SimulatedFile {
  #durable: Buffer;
  #durableSize: number;
  #pending: Pending[] = [];

  constructor(durable: Uint8Array = new Uint8Array()) {
    this.#durable = Buffer.from(durable);
    this.#durableSize = durable.length;
  }

  write(position: number, offset: number, bytes: Buffer): void {
    this.#pending.push({ position, offset, bytes, sizeAfter: Math.max(this.#size(), offset + bytes.length) });
  }

  truncate(position: number, size: number): void {
    this.#pending.push({ position, offset: size, bytes: undefined, sizeAfter: size });
  }

  /** Makes all that was written up to `since` durable. */
  sync(since: number): void {
    this.#settle(since, allSurvive);
  }

  /** Drops all that was written up to `since`: nobody knows how much of it is on the disk, and nobody writes it again. */
  failSync(since: number, survivors: Survivors): void {
    this.#settle(since, survivors);
  }

  /** The bytes that a power cut leaves. */
  afterCut(survivors: Survivors): Uint8Array {
    const cut = new SimulatedFile(this.#durable.subarray(0, this.#durableSize));
    cut.#pending = this.#pending;
    cut.#settle(Number.POSITIVE_INFINITY, survivors);
    return cut.#durable.subarray(0, cut.#durableSize);
  }

  #size(): number {
    return this.#pending.at(-1)?.sizeAfter ?? this.#durableSize;
  }

  #settle(since: number, survivors: Survivors): void {
    const settled = this.#pending.filter(({ position }) => position <= since);
    if (settled.length === 0) return;
    this.#pending = this.#pending.slice(settled.length);
    const sizes = [this.#durableSize, ...settled.map(({ sizeAfter }) => sizeAfter)];
    const longest = sizes.reduce((max, size) => Math.max(max, size));
    this.#grow(longest);
    if (survivors === allSurvive) {
      for (const change of settled) this.#apply(change, { start: change.offset, end: endOf(change, longest) });
    } else {
      this.#applySectors(settled, longest, survivors);
    }
    this.#durableSize = sizes[survivors(settled.length)] ?? longest;
    this.#durable.fill(0, this.#durableSize, longest);
  }

  #applySectors(changes: readonly Pending[], longest: number, survivors: Survivors): void {
    const left = survivorsBySector(changes, longest, survivors);
    for (const change of changes) {
      for (const piece of piecesOf(change, longest)) {
        const more = left.get(piece.sector) ?? 0;
        left.set(piece.sector, more - 1);
        if (more > 0) this.#apply(change, piece);
      }
    }
  }

  #apply({ bytes, offset }: Pending, { start, end }: Omit<Piece, 'sector'>): void {
    if (bytes) bytes.copy(this.#durable, start, start - offset, end - offset);
    else this.#durable.fill(0, start, end);
  }

  #grow(size: number): void {
    if (size <= this.#durable.length) return;
    const grown = Buffer.alloc(Math.max(size, 2 * this.#durable.length));
    this.#durable.copy(grown);
    this.#durable = grown;
  }
}

function survivorsBySector(changes: readonly Pending[], longest: number, survivors: Survivors): Map<number, number> {
  const counts = new Map<number, number>();
  for (const change of changes) {
    for (const { sector } of piecesOf(change, longest)) counts.set(sector, (counts.get(sector) ?? 0) + 1);
  }
  for (const [sector, count] of counts) counts.set(sector, survivors(count));
  return counts;
}

interface Piece {
  readonly sector: number;
  readonly start: number;
  readonly end: number;
}

function* piecesOf(change: Pending, longest: number): Generator<Piece, void, void> {
  const end = endOf(change, longest);
  for (let start = change.offset; start < end; ) {
    const sector = Math.floor(start / sectorBytes);
    const next = Math.min(end, (sector + 1) * sectorBytes);
    yield { sector, start, end: next };
    start = next;
  }
}

function endOf({ offset, bytes }: Pending, longest: number): number {
  return bytes ? offset + bytes.length : longest;
}
