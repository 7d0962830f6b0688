// A file system for tests: the real one, with every call noted, and a fault at the call that the test chooses.
import path from 'node:path';
import { type FileSystem, realFileSystem } from './durable-files.ts';

export interface FaultyFiles {
  readonly files: FileSystem;
  /** The calls so far: `sync`, `rename bodies`, … */
  readonly calls: string[];
  /** From now on, the call after `callsBefore` more fails: it alone, or with all that follow, as in a crash. */
  failAfter(callsBefore: number, fault: { readonly code: string; readonly isCrash: boolean }): void;
  heal(): void;
}

export function faultyFiles(): FaultyFiles {
  const calls: string[] = [];
  let fault: { at: number; code: string; isCrash: boolean } | undefined;
  const step = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    const index = calls.push(name) - 1;
    if (fault && (fault.isCrash ? index >= fault.at : index === fault.at)) {
      throw Object.assign(new Error(`${fault.code}: injected at ${name}`), { code: fault.code });
    }
    return call();
  };
  const real = realFileSystem;
  const files: FileSystem = {
    create: (file) => step('create', () => real.create(file)),
    write: (handle, chunks) => step('write', () => real.write(handle, chunks)),
    sync: (handle) => step('sync', () => real.sync(handle)),
    // A close that fails closes all the same.
    close: (handle) => step('close', async () => {}).finally(() => real.close(handle)),
    rename: (from, to) => step(`rename to ${path.basename(path.dirname(to))}`, () => real.rename(from, to)),
    syncFolder: (folder) => step(`sync folder ${path.basename(folder)}`, () => real.syncFolder(folder)),
    syncFile: (file) => step(`sync ${path.basename(file)}`, () => real.syncFile(file)),
    unlink: (file) => step('unlink', () => real.unlink(file)),
  };
  return {
    files,
    calls,
    failAfter(callsBefore, { code, isCrash }) {
      fault = { at: calls.length + callsBefore, code, isCrash };
    },
    heal() {
      fault = undefined;
    },
  };
}
