// `keepsake keeper export|import`: what S3 serves as a tar file, and back into a store that no keeper runs on.
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type ExportReport, exportStore, importStore, verifyExport } from '../../keeper/store/tools/index.ts';
import { KeepsakeError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { countOf, cutAtEnd, shortened, sizeOf } from '../words.ts';
import { createProgress, type StoreOptions, storeFolder } from './keeper-store.ts';

const standardStream = '-';

export async function keeperExport(
  context: Context,
  options: StoreOptions,
  [file = '']: readonly string[],
): Promise<number> {
  const folder = storeFolder(context, options);
  if (file === standardStream && context.isJson) throw bothWantStdout();
  const progress = createProgress(context, 'exported');
  const write = (output: Writable): Promise<ExportReport> => exportStore(folder, output, { onProgress: progress.tell });
  const report = file === standardStream ? await write(process.stdout) : await toFile(file, write);
  progress.end();
  // The tar may go to stdout; messages then go to stderr.
  const say = file === standardStream ? (line: string) => process.stderr.write(`${line}\n`) : context.print;
  const { buckets, objects, bytes, damaged } = report;
  const where = file === standardStream ? '' : ` → ${file}`;
  say(
    `${context.style('green', '✓')} ${countOf(objects, 'object')}, ${sizeOf(bytes)}, of ${countOf(buckets, 'bucket')}${where}; what is kept for undo and unfinished uploads are not part of it`,
  );
  for (const { what, reason } of damaged)
    say(`${context.style('red', '✗')} left out, damaged: ${shortened(what, 100)}: ${cutAtEnd(reason, 200)}`);
  context.printJson(report);
  return damaged.length === 0 ? 0 : 1;
}

// The file appears under its name when it is whole and on disk.
async function toFile(file: string, write: (output: Writable) => Promise<ExportReport>): Promise<ExportReport> {
  if (existsSync(file))
    throw new KeepsakeError('BadRequest', {
      what: `${file} is there already`,
      expected: 'a file that does not exist yet',
      remedy: 'Name another one, or remove it first.',
    });
  const partial = `${file}.partial`;
  try {
    const report = await write(createWriteStream(partial));
    const handle = await open(partial, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(partial, file);
    return report;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the error that was first is the one to tell
    throw error;
  }
}

export async function keeperImport(
  context: Context,
  options: StoreOptions,
  [file = '']: readonly string[],
): Promise<number> {
  const folder = storeFolder(context, options);
  const isFile = file !== standardStream;
  const totalBytes = isFile ? await sizeOfFile(file) : 0;
  if (isFile) await verifyExport(createReadStream(file)); // all of it, before anything is changed
  const progress = createProgress(context, 'imported');
  const input: Readable = isFile ? createReadStream(file) : process.stdin;
  const onProgress = (doneBytes: number): void => progress.tell(doneBytes, Math.max(doneBytes, totalBytes));
  const report = await importStore(folder, input, { onProgress });
  progress.end();
  const { buckets, imported, unchanged, bytes } = report;
  context.print(
    `${context.style('green', '✓')} ${countOf(imported, 'object')} imported into ${folder}, ${unchanged} there already; ${countOf(buckets, 'bucket')}, ${sizeOf(bytes)} read`,
  );
  context.print('  The next keeper that starts on it fills its emulator from it.');
  context.printJson(report);
  return 0;
}

async function sizeOfFile(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return found.size;
  throw new KeepsakeError('NotFound', {
    what: `there is no file ${path.resolve(file)}`,
    remedy: 'Name the export, or - to read it from stdin.',
  });
}

function bothWantStdout(): KeepsakeError {
  return new KeepsakeError('BadRequest', {
    what: '--json and - both want stdout',
    remedy: 'Name a file for the export, or leave --json out.',
  });
}
