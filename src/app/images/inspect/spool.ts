// A body on disk while it comes, for libvips to read: the part of it that is decoded is in memory, never the whole.
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { KeepsakeError } from '../../../shared/errors.ts';

/** A file of one upload. */
export interface Spool {
  readonly file: string;
  /** @throws KeepsakeError `DiskFull`, `DataFolderUnusable` */
  write(part: Uint8Array): Promise<void>;
  /** Removes the file. Safe to call again. */
  remove(): Promise<void>;
}

const folder = path.join(os.tmpdir(), `keepsake-uploads-${process.pid}`);

/** Begins a file. @throws KeepsakeError `DiskFull`, `DataFolderUnusable` */
export async function beginSpool(): Promise<Spool> {
  const file = path.join(folder, randomUUID());
  const handle = await openFile(file).catch(unwritable);
  return {
    file,
    async write(part) {
      await handle.writeFile(part).catch(unwritable);
    },
    async remove() {
      await handle.close().catch(() => {}); // closed already
      await rm(file, { force: true });
    },
  };
}

/** Removes files that an earlier process with our number left, when it was killed. */
export async function clearSpool(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function openFile(file: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return open(file, 'wx', 0o600);
}

function unwritable(error: unknown): never {
  const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
  throw new KeepsakeError(
    isFull ? 'DiskFull' : 'DataFolderUnusable',
    {
      what: 'a large upload can not be kept for the time it is checked',
      expected: `a folder that can be written: ${os.tmpdir()}`,
      got: error instanceof Error ? error.message : String(error),
      remedy: isFull ? 'Make room there, then send the image again.' : 'Let TMPDIR name a folder that can be written.',
    },
    error,
  );
}
