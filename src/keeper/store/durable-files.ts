// The one place that makes durable files (SQLite makes its own). A published file is whole under its name and will be
// found there after a power cut: write under another name → fsync → rename → fsync of the folder. The order is the promise.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';

/** The calls whose order durability depends on; a test puts one in front that notes them, or fails at step n. */
export interface FileSystem {
  create(file: string): Promise<FileHandle>;
  /** Writes all chunks behind what is there. */
  write(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void>;
  sync(handle: FileHandle): Promise<void>;
  close(handle: FileHandle): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
  /** Of a file that is there and that nobody has open. */
  syncFile(file: string): Promise<void>;
  unlink(file: string): Promise<void>;
}

export const realFileSystem: FileSystem = {
  create: (file) => open(file, 'wx'),
  write: writeAll,
  sync: (handle) => handle.sync(),
  close: (handle) => handle.close(),
  rename,
  syncFolder: syncPath,
  syncFile: syncPath,
  unlink,
};

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks;
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left);
    left = left.flatMap((chunk) => {
      const taken = Math.min(bytesWritten, chunk.length);
      bytesWritten -= taken;
      return taken === chunk.length ? [] : [chunk.subarray(taken)]; // a short write goes on where it ended
    });
  }
}

/**
 * `files` with the syncs of a folder shared: all that are asked for while one is under way get one together, which begins
 * after they asked. So each of them covers what was renamed before it was asked for.
 */
export function sharingFolderSyncs(files: FileSystem): FileSystem {
  const next = new Map<string, Promise<void>>();
  const last = new Map<string, Promise<void>>();
  const syncFolder = (folder: string): Promise<void> => {
    const waiting = next.get(folder);
    if (waiting !== undefined) return waiting;
    const before = last.get(folder);
    const begin = (): Promise<void> => {
      next.delete(folder);
      const sync = files.syncFolder(folder).finally(() => {
        if (last.get(folder) === sync) last.delete(folder);
      });
      last.set(folder, sync);
      return sync;
    };
    if (before === undefined) return begin();
    const sync = before.then(begin, begin); // its failure is told to those who asked for it
    next.set(folder, sync);
    return sync;
  };
  return { ...files, syncFolder };
}

async function syncPath(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the folder, and those above it, unless it is there; it will be there after a power cut. Each is durable before
 * one is made in it: only the last that is there may be what a killed process made and had not synced yet.
 */
export async function makeFolder(folder: string, files: FileSystem): Promise<void> {
  const above = path.dirname(folder);
  const isThere = existsSync(folder);
  if (!isThere) {
    await makeFolder(above, files);
    await mkdir(folder, { recursive: true });
  }
  await files.syncFolder(above).catch((error: NodeJS.ErrnoException) => {
    // A user who may not read the folder above did not create anything in it.
    if (!isThere || error.code !== 'EACCES') throw error;
  });
}

export interface BodyFolders {
  /** Bodies being received. */
  readonly incoming: string;
  /** Whole bodies. */
  readonly bodies: string;
}

/** A body file being written. The steps must not overlap. */
export class BodyFile {
  readonly #folders: BodyFolders;
  readonly #files: FileSystem;
  readonly #handle: FileHandle;
  readonly name: string;
  #place: 'incoming' | 'bodies' | 'gone' = 'incoming';
  #isOpen = true;

  private constructor(folders: BodyFolders, files: FileSystem, opened: { name: string; handle: FileHandle }) {
    this.#folders = folders;
    this.#files = files;
    this.name = opened.name;
    this.#handle = opened.handle;
  }

  static async create(folders: BodyFolders, files: FileSystem): Promise<BodyFile> {
    const name = randomUUID();
    const handle = await files.create(path.join(folders.incoming, name));
    return new BodyFile(folders, files, { name, handle });
  }

  append(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#files.write(this.#handle, chunks);
  }

  /** Makes the file durable under its name in `bodies`. After a failure, `discard` it. */
  async publish(): Promise<void> {
    await this.#files.sync(this.#handle);
    await this.#close();
    await this.#files.rename(this.#path('incoming'), this.#path('bodies'));
    this.#place = 'bodies';
    await this.#files.syncFolder(this.#folders.bodies);
  }

  /** Removes the file, wherever it is. A file that can't be removed now is removed at the next start. */
  async discard(): Promise<void> {
    if (this.#place === 'gone') return;
    const file = this.#path(this.#place);
    this.#place = 'gone';
    await this.#close().catch(() => {}); // its bytes are not wanted any more
    await this.#files.unlink(file).catch(() => {}); // left over: see above
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#files.close(this.#handle);
  }

  #path(place: 'incoming' | 'bodies'): string {
    return path.join(this.#folders[place], this.name);
  }
}
