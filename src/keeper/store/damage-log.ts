// Which entries are damaged. A damaged version is set aside at once, in memory, and marked in the store by the next
// commit, so that the next process knows it too. Other entries are known until this process ends, and found again.
import type { CommitQueue } from './commit-queue.ts';
import type { DamagedEntry } from './contract.ts';
import type { StoreReader } from './store-reader.ts';

export interface DamageLogOptions {
  readonly queue: Pick<CommitQueue, 'run'>;
  readonly reader: Pick<StoreReader, 'damaged' | 'damageOf' | 'isCurrent'>;
  readonly onDamage: (entry: DamagedEntry) => void;
}

export class DamageLog {
  readonly #options: DamageLogOptions;
  /** Versions that are not marked in the store yet, or can't be (a full disk). */
  readonly #unmarked = new Map<number, DamagedEntry>();
  /** By reason, which names the bucket, upload or part. */
  readonly #others = new Map<string, DamagedEntry>();

  constructor(options: DamageLogOptions) {
    this.#options = options;
  }

  /** Each damaged entry once. */
  entries(): readonly DamagedEntry[] {
    const marked = this.#options.reader.damaged();
    // The commit that marks a version is seen by readers before this thread hears that it ended.
    const unmarked = new Map(this.#unmarked);
    for (const { id } of marked) unmarked.delete(id);
    return [
      ...marked.map(({ bucket, key, reason }) => ({ bucket, key, reason })),
      ...unmarked.values(),
      ...this.#others.values(),
    ];
  }

  /** Why the present state of a key can't be used. */
  of(bucket: string, key: string): string | undefined {
    for (const [id, entry] of this.#unmarked)
      if (entry.bucket === bucket && entry.key === key && this.#options.reader.isCurrent(id)) return entry.reason;
    return this.#options.reader.damageOf(bucket, key);
  }

  isSetAside(versionId: number): boolean {
    return this.#unmarked.has(versionId);
  }

  setVersionAside(versionId: number, { bucket, key, reason }: DamagedEntry): void {
    if (this.#unmarked.has(versionId)) return;
    const entry = { bucket, key, reason };
    this.#unmarked.set(versionId, entry);
    this.#options.onDamage(entry);
    this.#options.queue.run({ kind: 'set-aside', versionId, reason }).then(
      () => this.#unmarked.delete(versionId),
      () => {}, // stays here, in memory: the disk is full or the store is closing
    );
  }

  /** Names an entry that is no version: a bucket, an upload or a part. */
  note(entry: DamagedEntry): void {
    if (this.#others.has(entry.reason)) return;
    this.#others.set(entry.reason, entry);
    this.#options.onDamage(entry);
  }
}
