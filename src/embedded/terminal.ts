// The words of `npm start` on the terminal: short, true, and without colour where there is no terminal or NO_COLOR is
// set.
import { styleText } from 'node:util';
import type { KeeperStatus } from '../shared/keeper-api.ts';
import type { IntegrityReport } from '../shared/report.ts';
import type { RunningSystem } from './start.ts';

const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stdout });

/** The summary of a start. `durationMs`: how long it took. */
export function describeStart(system: RunningSystem, durationMs: number): string {
  const { run, folder, keeper, web, isNew } = system;
  const lines: readonly (readonly [string, string])[] = [
    ['Page', style(['bold', 'cyan'], run.apiUrl)],
    ['S3', `${run.s3Url ?? 'AWS'}${keeper ? '  behind the keeper: what it acknowledged is on disk' : ''}`],
    ['Postgres', withoutPassword(run.databaseUrl)],
    ['Data', `${folder.root}${isNew ? '  (new)' : ''}`],
    ...(keeper ? [['Restored', describeRestored(keeper)] as const] : []),
    ...(web.kind === 'failed' ? [['No page', `${web.reason}; the API works all the same`] as const] : []),
    ...(keeper?.damaged ?? []).map(
      ({ bucket, key, reason }) => ['Damaged', `${bucket}/${key}: ${reason}; set aside`] as const,
    ),
  ];
  const body = lines.map(([name, value]) => `  ${style('dim', name.padEnd(9))} ${value}`).join('\n');
  const head = `${style(['bold', 'green'], 'Keepsake is ready')} ${style('dim', `in ${seconds(durationMs)}`)}`;
  return `\n${head}\n${body}\n  ${style('dim', 'Ctrl-C stops it; everything stays. Check: npm run check')}\n`;
}

function describeRestored({ restore, counts }: KeeperStatus): string {
  const { objectsDone, bytesDone, startedAt, finishedAt } = restore;
  if (counts.objects === 0) return 'nothing to restore yet';
  if (startedAt && !finishedAt) return `${describeRestoring(restore)}; each is there when it is asked for`;
  const tookMs = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : 0;
  return `${count(objectsDone, 'object')}, ${size(bytesDone)}, in ${seconds(tookMs)}`;
}

/** Progress of a restore, one line. */
export function describeRestoring({
  objectsDone,
  objectsTotal,
  bytesDone,
  bytesTotal,
}: KeeperStatus['restore']): string {
  return `restoring ${objectsDone.toLocaleString('en')} of ${count(objectsTotal, 'object')} (${size(bytesDone)} of ${size(bytesTotal)})`;
}

/** An integrity report, one line, two where something is to be done. */
export function describeReport({ status, summary }: IntegrityReport): string {
  switch (status) {
    case 'Healthy':
      return `${style('green', '✓')} Integrity: ${summary}`;
    case 'Degraded':
      return `${style('yellow', '!')} Integrity: ${summary}\n  See what a repair would do: npm run fix`;
    case 'Incomplete':
      return `${style('yellow', '?')} Integrity: ${summary}\n  Find out why: npm run doctor`;
    case 'Suspicious':
      return `${style(['bold', 'red'], '✗ Suspicious:')} ${summary}\n  Nothing was changed. Find out what was lost: npm run check, npm run doctor`;
  }
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  return `${url.hostname}:${url.port || 5432}${url.pathname}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
