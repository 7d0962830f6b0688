// `keepsake keeper backup|compact`: a store's folder copied beside a running keeper, or made smaller without one.
import { backUpStore, compactStore } from '../../keeper/store/tools/index.ts';
import type { Context } from '../context.ts';
import { countOf, cutAtEnd, shortened, sizeOf } from '../words.ts';
import { createProgress, type StoreOptions, storeFolder } from './keeper-store.ts';

export async function keeperBackup(
  context: Context,
  options: StoreOptions,
  [target = '']: readonly string[],
): Promise<number> {
  const { print, style } = context;
  const progress = createProgress(context, 'copied');
  const report = await backUpStore(storeFolder(context, options), target, { onProgress: progress.tell });
  progress.end();
  const { verdict } = report;
  const isSound = verdict.damaged === 0;
  print(
    `${style('green', '✓')} ${report.target} holds all of ${report.folder}: ${countOf(verdict.rows, 'row')}, ${sizeOf(verdict.bytes)}, read back and compared`,
  );
  for (const { what, reason } of verdict.findings.slice(0, 20))
    print(`${style('red', '✗')} damaged in the store already: ${shortened(what, 100)}: ${cutAtEnd(reason, 200)}`);
  print('  To go back to it: stop the keeper, put this folder in the place of its own, start it.');
  context.printJson(report);
  return isSound ? 0 : 1;
}

export async function keeperCompact(context: Context, options: StoreOptions): Promise<number> {
  const report = await compactStore(storeFolder(context, options));
  const { before, after, removedFiles, removedBytes } = report;
  context.print(
    `${context.style('green', '✓')} ${report.folder}: database ${sizeOf(before)} → ${sizeOf(after)}; ${countOf(removedFiles, 'file')} that nothing named removed, ${sizeOf(removedBytes)}`,
  );
  context.printJson(report);
  return 0;
}
