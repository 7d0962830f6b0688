// A folder as a disk sees it, fed with the journal of disk.c, and the contents that a power cut would leave of it. It is
// stricter than any file system. Only an fsync of a file makes its bytes durable. Only an fsync of its folder makes a name,
// new or gone, durable; so one half of a rename may be left. (ext4 and xfs keep the order of such changes, make a rename
// whole or not at all, and save a new file's name with its bytes. Nothing here may count on it.)
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JournalRecord } from './journal.ts';
import { allSurvive, SimulatedFile, type Survivors } from './simulated-file.ts';

interface NameChange {
  readonly position: number;
  readonly name: string;
  /** Null: the name is gone. */
  readonly node: Node | null;
}

/** Like `SimulatedFile`, for names. */
class SimulatedFolder {
  readonly #durable = new Map<string, Node>();
  #pending: NameChange[] = [];

  change(change: NameChange): void {
    this.#pending.push(change);
  }

  settle(since: number, survivors: Survivors): void {
    const settled = this.#pending.filter(({ position }) => position <= since);
    this.#pending = this.#pending.slice(settled.length);
    for (const [name, changes] of Map.groupBy(settled, ({ name }) => name)) {
      const last = changes[survivors(changes.length) - 1];
      if (last?.node) this.#durable.set(name, last.node);
      else if (last) this.#durable.delete(name);
    }
  }

  entries(survivors: Survivors): ReadonlyMap<string, Node> {
    const cut = new SimulatedFolder();
    for (const [name, node] of this.#durable) cut.#durable.set(name, node);
    cut.#pending = this.#pending;
    cut.settle(Number.POSITIVE_INFINITY, survivors);
    return cut.#durable;
  }
}

type Node = SimulatedFile | SimulatedFolder;

export class SimulatedDisk {
  readonly #survivors: Survivors;
  /** The node that bears the number now: numbers are used again. */
  readonly #nodes = new Map<number, Node>();
  #root: SimulatedFolder | undefined;
  #scanned = new Map<SimulatedFolder, Set<string>>();
  #hasBegun = false;

  /** `survivors` says what is left of what a failed fsync dropped. */
  constructor(survivors: Survivors) {
    this.#survivors = survivors;
  }

  apply(record: JournalRecord): void {
    const { position } = record;
    switch (record.kind) {
      case 'folder':
      case 'held':
        this.#scan(record);
        break;
      case 'ready':
        this.#endScan(position);
        break;
      case 'create':
      case 'mkdir': {
        const node = record.kind === 'create' ? new SimulatedFile() : new SimulatedFolder();
        this.#nodes.set(record.inode, node);
        this.#folder(record.parent).change({ position, name: record.name, node });
        break;
      }
      case 'link':
        this.#folder(record.parent).change({ position, name: record.name, node: this.#node(record.inode) });
        break;
      case 'write':
        this.#file(record.inode).write(position, record.offset, record.bytes);
        break;
      case 'truncate':
        this.#file(record.inode).truncate(position, record.size);
        break;
      case 'rename': {
        const { from, to } = record;
        this.#folder(to.parent).change({ position, name: to.name, node: this.#node(record.inode) });
        this.#folder(from.parent).change({ position, name: from.name, node: null });
        break;
      }
      case 'unlink':
        this.#folder(record.parent).change({ position, name: record.name, node: null });
        break;
      case 'sync':
      case 'sync-failed':
        this.#sync(record);
        break;
    }
  }

  /** Writes the folder as it is after a power cut now. `folder` must be empty, or not there. */
  cut(folder: string, survivors: Survivors): void {
    if (!this.#root) throw new Error('the journal does not say what the folder held at first');
    writeFolder(this.#root, folder, survivors);
  }

  #sync({ kind, inode, since }: Extract<JournalRecord, { since: number }>): void {
    const node = this.#node(inode);
    const isFailed = kind === 'sync-failed';
    if (node instanceof SimulatedFolder) node.settle(since, isFailed ? this.#survivors : allSurvive);
    else if (isFailed) node.failSync(since, this.#survivors);
    else node.sync(since);
  }

  // The first process of a journal finds what is durable. A later one may find what the last one did when it was killed,
  // before it was noted: changes like others, that nobody synced.
  #scan(record: Extract<JournalRecord, { kind: 'folder' | 'held' }>): void {
    const { position, inode, parent, name } = record;
    const before = this.#nodes.get(inode);
    const isKnown = record.kind === 'folder' ? before instanceof SimulatedFolder : before instanceof SimulatedFile;
    const bytes = record.kind === 'held' ? record.bytes : undefined;
    const isDurable = !this.#hasBegun;
    const fresh = () => (bytes ? new SimulatedFile(isDurable ? bytes : undefined) : new SimulatedFolder());
    const node = isKnown && before ? before : fresh();
    this.#nodes.set(inode, node);
    if (node instanceof SimulatedFolder) this.#scanned.set(node, new Set());
    else if (bytes && !isDurable) overwrite(node, position, bytes);
    if (parent === 0 && node instanceof SimulatedFolder) this.#root ??= node;
    if (parent === 0) return;
    const folder = this.#folder(parent);
    this.#scanned.get(folder)?.add(name);
    if (folder.entries(allSurvive).get(name) !== node) folder.change({ position, name, node });
    if (isDurable) folder.settle(position, allSurvive);
  }

  #endScan(position: number): void {
    for (const [folder, found] of this.#scanned) {
      for (const name of folder.entries(allSurvive).keys()) {
        if (!found.has(name)) folder.change({ position, name, node: null });
      }
    }
    this.#scanned = new Map();
    this.#hasBegun = true;
  }

  #node(inode: number): Node {
    const node = this.#nodes.get(inode);
    if (!node) throw new Error(`the journal speaks of inode ${inode}, which it never saw`);
    return node;
  }

  #file(inode: number): SimulatedFile {
    const node = this.#node(inode);
    if (node instanceof SimulatedFile) return node;
    throw new Error(`inode ${inode} is no file`);
  }

  #folder(inode: number): SimulatedFolder {
    const node = this.#node(inode);
    if (node instanceof SimulatedFolder) return node;
    throw new Error(`inode ${inode} is no folder`);
  }
}

function overwrite(file: SimulatedFile, position: number, bytes: Buffer): void {
  if (bytes.equals(file.afterCut(allSurvive))) return;
  file.truncate(position, bytes.length);
  file.write(position, 0, bytes);
}

function writeFolder(folder: SimulatedFolder, place: string, survivors: Survivors): void {
  mkdirSync(place, { recursive: true });
  for (const [name, node] of folder.entries(survivors)) {
    const file = path.join(place, name);
    if (node instanceof SimulatedFolder) writeFolder(node, file, survivors);
    else writeFileSync(file, node.afterCut(survivors));
    // The index of SQLite's log is never synced: it may be there, and say anything.
    if (name.endsWith('-wal') && survivors(1) === 1) writeFileSync(file.replace(/wal$/, 'shm'), randomBytes(32_768));
  }
}
