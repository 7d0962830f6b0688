// The layer of disk.c for one folder: built with the machine's C compiler, controlled while the process runs.
//
// A power cut of a whole keeper, for a harness:
//
// - `const layer = await createDiskLayer({ watched: folder, place: somewhereElse });`
// - start the keeper with `{ ...env, ...layer.env }` (any number of times; each start goes on in the same journal)
// - note `layer.position()` before a request leaves and when its answer is there
// - SIGKILL the keeper and the emulator; `await cutPower(layer.journal, folder, seed)`; start both again
//
// `watched` must hold the keeper's folder, or be it; its contents when the first process starts count as durable.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { assertNever } from '../../src/shared/errors.ts';
import { journalLength } from './journal.ts';

/**
 * The faults of the disk from now on. `of` is a pattern of the paths that it concerns, as a shell's; * when left out.
 */
export type DiskFault =
  /** fsync says EIO, after `after` that succeed, `times` times (for good when left out). Its changes are lost. */
  | { readonly kind: 'failing-fsync'; readonly of?: string; readonly after?: number; readonly times?: number }
  /** The process is killed when it asks for an fsync, after `after` others. */
  | { readonly kind: 'killing-fsync'; readonly of: string; readonly after: number }
  /** fsync says yes and does nothing: a bug of ours, for tests of the tests. */
  | { readonly kind: 'ignored-fsync'; readonly of: string }
  /** ENOSPC when files have grown by `roomBytes`. */
  | { readonly kind: 'full'; readonly roomBytes: number }
  | { readonly kind: 'read-only' }
  /** Each write takes half of what it is given. */
  | { readonly kind: 'short-writes' };

export interface DiskLayer {
  /** To add to the environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the journals. */
  readonly journal: string;
  /** How far the journal is: what was done before now stands before it. */
  position(): number;
  /** In the place of the faults there were. */
  inject(fault: DiskFault): void;
  heal(): void;
}

/** A layer over the folder `watched`, with its files in `place`, which is made. */
export async function createDiskLayer(at: { readonly watched: string; readonly place: string }): Promise<DiskLayer> {
  const library = await buildLibrary();
  const journal = path.join(at.place, 'journal');
  const control = path.join(at.place, 'control');
  await mkdir(journal, { recursive: true });
  const heal = (): void =>
    writeFileSync(control, new Uint8Array(controlBytes), { flag: existsSync(control) ? 'r+' : 'w' });
  heal();
  return {
    env: {
      LD_PRELOAD: library,
      KEEPSAKE_DISK_WATCH: realpathSync(at.watched),
      KEEPSAKE_DISK_JOURNAL: journal,
      KEEPSAKE_DISK_CONTROL: control,
    },
    journal,
    position: () => journalLength(journal),
    inject(fault) {
      // r+: the process has the file mapped
      writeFileSync(control, controlOf(fault), { flag: 'r+' });
    },
    heal,
  };
}

const pathBytes = 256;
const numbersBytes = 7 * 8;
const controlBytes = numbersBytes + 2 * pathBytes;
const forGood = 2n ** 62n;

// The layout of `struct control` in disk.c.
function controlOf(fault: DiskFault): Uint8Array {
  const control = Buffer.alloc(controlBytes);
  const set = (index: number, value: number | bigint): void => void control.writeBigUInt64LE(BigInt(value), index * 8);
  switch (fault.kind) {
    case 'failing-fsync':
      set(0, fault.after ?? 0);
      set(1, fault.times ?? forGood);
      control.write(fault.of ?? '*', numbersBytes);
      break;
    case 'killing-fsync':
      set(0, fault.after);
      set(1, 1);
      set(6, 1);
      control.write(fault.of, numbersBytes);
      break;
    case 'ignored-fsync':
      control.write(fault.of, numbersBytes + pathBytes);
      break;
    case 'full':
      set(2, 1);
      set(3, fault.roomBytes);
      break;
    case 'read-only':
      set(4, 1);
      break;
    case 'short-writes':
      set(5, 1);
      break;
    default:
      assertNever(fault);
  }
  return control;
}

// Named by what it is made of, and put in its place whole: tests that run at once share it.
async function buildLibrary(): Promise<string> {
  const source = path.join(import.meta.dirname, 'disk.c');
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const library = path.join(os.tmpdir(), `keepsake-disk-${process.getuid?.()}-${hash}.so`);
  if (existsSync(library)) return library;
  const fresh = `${library}.${process.pid}`;
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', fresh, source, '-ldl', '-lpthread']);
  await rename(fresh, library);
  return library;
}
