// `keepsake keeper inspect|verify`: what a store's folder holds, and whether it is as it was written. Both only read,
// beside a running keeper too.
import path from 'node:path';
import { folderLayout } from '../../embedded/index.ts';
import { inspectStore, type NamedObject, type StoreOverview, verifyStore } from '../../keeper/store/tools/index.ts';
import type { Context } from '../context.ts';
import { newTable } from '../report-view.ts';
import { countOf, cutAtEnd, shortened, sizeOf } from '../words.ts';

export interface StoreOptions {
  /** The folder; without it the one that the settings name. */
  readonly data?: string;
}

/** The store's folder: as given, else KEEPER_DATA, else that of `npm start`. */
export function storeFolder({ env }: Context, { data }: StoreOptions): string {
  return path.resolve(data || env.KEEPER_DATA || folderLayout(path.resolve(env.KEEPSAKE_DATA || '.keepsake')).keeper);
}

export async function keeperInspect(context: Context, options: StoreOptions): Promise<number> {
  const overview = await inspectStore(storeFolder(context, options));
  printOverview(context, overview);
  context.printJson(overview);
  return overview.damaged === 0 ? 0 : 1;
}

function printOverview({ print, style }: Context, overview: StoreOverview): void {
  const { counts, uploads, database, bodies, incoming, damaged } = overview;
  print(`${style('bold', overview.folder)}, ${overview.isInUse ? 'in use by a keeper' : 'no keeper runs on it'}`);
  print(`  store     ${overview.storeId}, format ${overview.format}, made ${overview.createdAt}`);
  print(`  session   ${overview.session ?? 'none yet'}`);
  print(
    `  holds     ${countOf(counts.objects, 'object')}, ${sizeOf(counts.bytes)}, in ${countOf(counts.buckets, 'bucket')}`,
  );
  print(`  undo      ${countOf(counts.retired, 'earlier version')}, ${sizeOf(counts.retiredBytes)}`);
  print(
    `  uploads   ${countOf(uploads.uploads, 'upload')} in progress, ${countOf(uploads.parts, 'part')}, ${sizeOf(uploads.bytes)}`,
  );
  print(
    `  database  ${sizeOf(database.bytes)}, ${sizeOf(database.freeBytes)} of it free; log ${sizeOf(database.logBytes)}`,
  );
  print(`  files     ${countOf(bodies.files, 'body file')}, ${sizeOf(bodies.bytes)}; ${incoming.files} being received`);
  if (damaged > 0)
    print(`${style('red', '✗')} ${countOf(damaged, 'object')} set aside as damaged: keepsake keeper verify names them`);
  if (overview.buckets.length > 0) print(bucketTable(overview));
  if (overview.newest.length === 0) return;
  print(`newest:\n${overview.newest.map(objectLine).join('\n')}`);
  print(`biggest:\n${overview.biggest.map(objectLine).join('\n')}`);
}

function bucketTable({ buckets }: StoreOverview): string {
  const table = newTable(['bucket', 'objects', 'size', 'kept for undo', 'uploads']);
  for (const { bucket, objects, bytes, retired, retiredBytes, uploads } of buckets) {
    const undo = `${retired.toLocaleString('en')}, ${sizeOf(retiredBytes)}`;
    table.push([shortened(bucket, 40), objects.toLocaleString('en'), sizeOf(bytes), undo, uploads]);
  }
  return table.toString();
}

function objectLine({ bucket, key, sizeBytes, savedAt }: NamedObject): string {
  return `  ${sizeOf(sizeBytes).padStart(10)}  ${savedAt}  ${shortened(`${bucket}/${key}`, 80)}`;
}

/** How much of the damage is shown; --json has more. */
const shownFindings = 50;

export async function keeperVerify(context: Context, options: StoreOptions): Promise<number> {
  const { print, style } = context;
  const progress = createProgress(context, 'verified');
  const verdict = await verifyStore(storeFolder(context, options), { onProgress: progress.tell });
  progress.end();
  const { damaged, findings, leftOver } = verdict;
  for (const { what, reason } of findings.slice(0, shownFindings))
    print(`${style('red', '✗')} ${shortened(what, 100)}: ${cutAtEnd(reason, 200)}`);
  if (damaged > shownFindings) print(`  … and ${damaged - shownFindings} more: --json`);
  const read = `${countOf(verdict.rows, 'row')} and ${verdict.bodies.toLocaleString('en')} bodies, ${sizeOf(verdict.bytes)}, were read`;
  if (damaged === 0) print(`${style('green', '✓')} ${verdict.folder} is as it was written: ${read}`);
  else
    print(
      `${style('red', '✗')} ${countOf(damaged, 'fault')} in ${verdict.folder}; ${read}. Put the folder back from a backup, or let the keeper set them aside.`,
    );
  if (leftOver.files + leftOver.bodies > 0)
    print(
      `  ${countOf(leftOver.files, 'file')} (${sizeOf(leftOver.bytes)}) and ${countOf(leftOver.bodies, 'record')} that nothing names: left over from a crash, or being written now`,
    );
  context.printJson(verdict);
  return damaged === 0 ? 0 : 1;
}

/** A line that tells how far a work in bytes is; for a terminal only, ten times a second at most. */
export function createProgress(
  context: Context,
  verb: string,
): { tell(doneBytes: number, totalBytes: number): void; end(): void } {
  let toldAt = 0;
  return {
    tell(doneBytes, totalBytes) {
      const now = performance.now();
      if (now - toldAt < 100) return;
      toldAt = now;
      const percent = totalBytes === 0 ? 100 : Math.floor((100 * doneBytes) / totalBytes);
      context.progress(`${verb} ${sizeOf(doneBytes)} of ${sizeOf(totalBytes)} (${percent} %)`);
    },
    end: () => context.progress(''),
  };
}
