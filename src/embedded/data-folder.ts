// The data folder (`.keepsake`): what lies where in it, its format, and who may use it.
//
// - format.json  the format's version
// - lock         held while a start runs
// - run.json     where it answers
// - postgres/    Postgres' own files
// - keeper/      the keeper's store
// - reports/     findings in full
// - scratch/     emptied at each start
// - *.log        the logs of the parts
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KeepsakeError, reasonOf } from '../shared/errors.ts';
import { takeLock } from './folder-lock.ts';
import { readRunFile } from './run-file.ts';

const formatVersion = 1;
// Less than this and Postgres can't even write its next piece of WAL (16 MiB) safely.
const leastFreeBytes = 64 * 1024 ** 2;

/** Where things lie in a data folder. */
export function folderLayout(root: string) {
  const at = (name: string): string => path.join(root, name);
  return {
    root,
    format: at('format.json'),
    lock: at('lock'),
    runFile: at('run.json'),
    postgres: at('postgres'),
    password: at('postgres-password'),
    postgresLog: at('postgres.log'),
    log: at('keepsake.log'),
    keeper: at('keeper'),
    reports: at('reports'),
    scratch: at('scratch'),
  } as const;
}

export type FolderLayout = ReturnType<typeof folderLayout>;

export interface DataFolder {
  readonly layout: FolderLayout;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  /** Lets another start in. */
  close(): void;
}

/**
 * Makes or opens a data folder and locks it until `close`, or the end of the process.
 * @throws KeepsakeError `DataFolderUnusable`, `DataFolderLocked`, `DiskFull`
 */
export function openDataFolder(root: string): DataFolder {
  const layout = folderLayout(root);
  try {
    mkdirSync(root, { recursive: true });
    const lock = takeLock(layout.lock);
    if (!lock) throw locked(layout);
    try {
      assertSpace(root);
      const isNew = openFormat(layout);
      rmSync(layout.scratch, { recursive: true, force: true });
      for (const folder of [layout.reports, layout.scratch]) mkdirSync(folder, { recursive: true });
      rmSync(layout.runFile, { force: true }); // left by a start that was killed: the lock proves that it is gone
      return { layout, isNew, close: () => lock.release() };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw asFolderError(error, root);
  }
}

/** An error of the file system as an error of the catalogue that names the folder. */
export function asFolderError(error: unknown, root: string): KeepsakeError {
  if (error instanceof KeepsakeError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || /disk is full/.test(reasonOf(error));
  if (isFull) return diskFull(root, reasonOf(error), error);
  return new KeepsakeError(
    'DataFolderUnusable',
    {
      what: `the data folder ${root} can't be used`,
      expected: 'a folder that this user may write to',
      got: reasonOf(error),
      remedy: 'Set KEEPSAKE_DATA to a folder that you may write to, or give yourself the right to this one.',
    },
    error,
  );
}

function assertSpace(root: string): void {
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  if (freeBytes < leastFreeBytes) throw diskFull(root, `${Math.floor(freeBytes / 1024 ** 2)} MiB`);
}

function diskFull(root: string, got: string, cause?: unknown): KeepsakeError {
  return new KeepsakeError(
    'DiskFull',
    {
      what: `the disk that holds ${root} is full`,
      expected: `at least ${leastFreeBytes / 1024 ** 2} MiB free`,
      got,
      remedy: 'Free some space, or set KEEPSAKE_DATA to a folder on another disk.',
    },
    cause,
  );
}

function locked(layout: FolderLayout): KeepsakeError {
  const run = readRunFile(layout.runFile);
  return new KeepsakeError('DataFolderLocked', {
    what: `another start already uses the data folder ${layout.root}`,
    ...(run && { got: `process ${run.pid}, which answers at ${run.apiUrl}` }),
    remedy: 'Use that one, stop it first (Ctrl-C), or set KEEPSAKE_DATA, PORT and S3_PORT to others for a second one.',
  });
}

function openFormat({ format, root }: FolderLayout): boolean {
  const found = readFormat(format);
  if (found === undefined) {
    writeFileSync(format, `${JSON.stringify({ format: formatVersion })}\n`);
    return true;
  }
  if (found === formatVersion) return false;
  throw new KeepsakeError('DataFolderUnusable', {
    what: `the data folder ${root} was written by another version of Keepsake`,
    expected: `format ${formatVersion}`,
    got: `format ${found}`,
    remedy: 'Use the version that wrote it, or set KEEPSAKE_DATA to another folder.',
  });
}

function readFormat(file: string): unknown {
  try {
    const { format } = JSON.parse(readFileSync(file, 'utf8')) as { readonly format?: unknown };
    return format ?? 'unknown';
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // cut off by a crash while it was made: nothing else exists yet
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
