// Reads what disk.c wrote: the changes of a folder, in the order in which they took effect.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** One change. `position`: where the journal stood once it was noted; the journals of a folder are counted as one. */
export type JournalRecord = { readonly position: number } & (
  | { readonly kind: 'folder'; readonly inode: number; readonly parent: number; readonly name: string }
  | {
      readonly kind: 'held';
      readonly inode: number;
      readonly parent: number;
      readonly name: string;
      readonly bytes: Buffer;
    }
  /** The process begins; what the folder held is told. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'create' | 'mkdir' | 'link';
      readonly inode: number;
      readonly parent: number;
      readonly name: string;
    }
  | { readonly kind: 'write'; readonly inode: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: number; readonly size: number }
  | { readonly kind: 'rename'; readonly inode: number; readonly from: Entry; readonly to: Entry }
  | { readonly kind: 'unlink'; readonly parent: number; readonly name: string }
  /** An fsync of a file or folder. It covers what was noted up to `since`. */
  | { readonly kind: 'sync' | 'sync-failed'; readonly inode: number; readonly since: number }
);

interface Entry {
  readonly parent: number;
  readonly name: string;
}

const headerBytes = 32;

/** How far the journals in the folder are, as a `position`. */
export function journalLength(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

/** The changes in all journals of the folder. An entry that a killed process had not finished is left out. */
export function* readJournal(folder: string): Generator<JournalRecord, void, void> {
  let base = 0;
  for (const name of readdirSync(folder).sort()) {
    const journal = readFileSync(path.join(folder, name));
    yield* recordsOf(journal, base);
    base += journal.length;
  }
}

function* recordsOf(journal: Buffer, base: number): Generator<JournalRecord, void, void> {
  for (let at = 0; at + headerBytes <= journal.length; ) {
    const end = at + headerBytes + journal.readUInt32LE(at + 4);
    if (end > journal.length) return;
    yield { position: base + end, ...parse(journal.subarray(at, end), base) };
    at = end;
  }
}

// The order of `enum` in disk.c.
const kinds = [
  '',
  'folder',
  'held',
  'ready',
  'create',
  'mkdir',
  'write',
  'truncate',
  'rename',
  'unlink',
  'link',
  'sync',
  'sync-failed',
] as const;

type Content = JournalRecord extends infer One ? (One extends JournalRecord ? Omit<One, 'position'> : never) : never;

function parse(record: Buffer, base: number): Content {
  const number = (index: number): number => Number(record.readBigUInt64LE(8 + index * 8));
  const kind = kinds[record.readUInt32LE(0)];
  const inode = number(0);
  const payload = record.subarray(headerBytes);
  switch (kind) {
    case 'folder':
    case 'create':
    case 'mkdir':
    case 'link':
      return { kind, inode, parent: number(1), name: payload.toString() };
    case 'held': {
      const nameBytes = number(2);
      const name = payload.subarray(0, nameBytes).toString();
      return { kind, inode, parent: number(1), name, bytes: payload.subarray(nameBytes) };
    }
    case 'ready':
      return { kind };
    case 'write':
      return { kind, inode, offset: number(1), bytes: payload };
    case 'truncate':
      return { kind, inode, size: number(1) };
    case 'rename': {
      const [from = '', to = ''] = payload.toString().split('/');
      return { kind, inode, from: { parent: number(1), name: from }, to: { parent: number(2), name: to } };
    }
    case 'unlink':
      return { kind, parent: number(1), name: payload.toString() };
    case 'sync':
    case 'sync-failed':
      return { kind, inode, since: base + number(1) };
    default:
      throw new Error(`a journal holds a record of kind ${record.readUInt32LE(0)}, which nobody writes`);
  }
}
