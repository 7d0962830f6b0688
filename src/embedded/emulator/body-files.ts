// Where the emulator's bytes lie: one file a body in a scratch folder, named by a number and never by a key. Nothing is
// fsynced: the keeper holds what must last. A file goes when its last user lets go of it.
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A written body. Everything that refers to it, a running read too, counts as a user. */
export interface BodyFile {
  readonly path: string;
  readonly sizeBytes: number;
  users: number;
}

export interface BodyWriter {
  write(chunk: Uint8Array): void;
  /** The body, with one user: the caller. */
  finish(): BodyFile;
  discard(): void;
}

export interface BodyFiles {
  begin(): BodyWriter;
}

export function createBodyFiles(folder: string): BodyFiles {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  return {
    begin() {
      count += 1;
      const file = path.join(folder, String(count));
      const descriptor = openSync(file, 'wx', 0o600);
      let sizeBytes = 0;
      return {
        write(chunk) {
          for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
          sizeBytes += chunk.length;
        },
        finish() {
          closeSync(descriptor);
          return { path: file, sizeBytes, users: 1 };
        },
        discard() {
          closeSync(descriptor);
          rmSync(file, { force: true });
        },
      };
    },
  };
}

export function retain(files: readonly BodyFile[]): readonly BodyFile[] {
  for (const file of files) file.users += 1;
  return files;
}

export function release(files: readonly BodyFile[]): void {
  for (const file of files) {
    file.users -= 1;
    if (file.users === 0) rmSync(file.path, { force: true });
  }
}

export function sizeOf(files: readonly BodyFile[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0);
}
