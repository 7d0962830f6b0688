// An integrity report on a terminal: status, counts, what was found, what was or would be done.
import Table from 'cli-table3';
import { type ActionResult, type Finding, findingClasses, type IntegrityReport } from '../shared/report.ts';
import type { Context, Style } from './context.ts';
import { countOf, cutAtEnd, shortened, sizeOf } from './words.ts';

const statusStyle: Readonly<Record<IntegrityReport['status'], Style>> = {
  Healthy: ['bold', 'green'],
  Degraded: ['bold', 'yellow'],
  Incomplete: ['bold', 'yellow'],
  Suspicious: ['bold', 'red'],
};

/** How many findings a table shows; the file has them all. */
const shownFindings = 30;

/** Prints the outcome: the status in its own words, and what a person should know beside it. */
export function printOutcome({ print, style }: Context, { status, summary, conditions }: IntegrityReport): void {
  print(`${style(statusStyle[status], status)}  ${summary}`);
  for (const { type, status: state, message } of conditions) {
    const isNews = type === 'Complete' ? state !== 'True' : state === 'True';
    if (isNews) print(`${style('yellow', '!')} ${type}: ${message}`);
  }
}

/** Prints the outcome and what was found. */
export function printFindings(context: Context, report: IntegrityReport): void {
  const { print, style } = context;
  const { coverage, counts, sample, fullFindings } = report;
  printOutcome(context, report);
  print(
    `${countOf(coverage.objectsRead, 'object')} in s3://${coverage.bucket}/${coverage.prefix}, ${countOf(coverage.rowsRead, 'row')} in Postgres` +
      `${coverage.isComplete ? '' : style('yellow', ' (not read to the end)')}; broken links: ${counts.missing.count}, orphans: ${counts.orphan.count}`,
  );
  const seen = findingClasses.filter((one) => counts[one].count > 0);
  if (seen.some((one) => one !== 'ok')) {
    const table = newTable(['class', 'count', 'bytes']);
    for (const one of seen) table.push([one, counts[one].count.toLocaleString('en'), sizeOf(counts[one].bytes)]);
    print(table.toString());
  }
  if (sample.length > 0) print(findingTable(sample.slice(0, shownFindings)));
  const more = Object.entries(counts).reduce((sum, [one, { count }]) => sum + (one === 'ok' ? 0 : count), 0);
  if (more > Math.min(sample.length, shownFindings)) {
    print(`… ${countOf(more, 'finding')} in all`);
  }
  if (fullFindings && more > 0) print(style('dim', `All findings: ${fullFindings}`));
}

/** Prints what a repair did, or would do. */
export function printActions({ print, style }: Context, report: IntegrityReport): void {
  const { actions, mode } = report;
  const isDone = mode === 'repair';
  if (actions.planned === 0) {
    print(isDone ? 'Nothing was to be done.' : 'A repair would change nothing.');
    return;
  }
  print(
    isDone
      ? `Done: ${actions.done} of ${countOf(actions.planned, 'action')}${actions.failed ? style('red', `, failed: ${actions.failed}`) : ''}${actions.skipped ? `, skipped (settled meanwhile): ${actions.skipped}` : ''}`
      : `A repair would do ${countOf(actions.planned, 'action')}:`,
  );
  const table = newTable(isDone ? ['action', 'key', 'state', 'reason'] : ['action', 'key', 'reason']);
  for (const { action, key, state, reason } of actions.sample.slice(0, shownFindings)) {
    table.push(isDone ? [action, cell(key), state, sentence(reason)] : [action, cell(key), sentence(reason)]);
  }
  print(table.toString());
  if (actions.planned > shownFindings) print(`… and ${countOf(actions.planned - shownFindings, 'more action')}`);
}

/** The first action of a report that can be taken back. */
export function firstDone(report: IntegrityReport): ActionResult | undefined {
  return report.actions.sample.find(({ state }) => state === 'done');
}

export function newTable(head: readonly string[]) {
  return new Table({ head: [...head], style: { head: [], border: [], compact: true }, wordWrap: true });
}

function findingTable(findings: readonly Finding[]): string {
  const table = newTable(['class', 'key', 'title', 'reason', 'remedy']);
  for (const { class: one, key, row, reason, remedy } of findings) {
    table.push([one, cell(key), shortened(row?.title ?? '', 20), sentence(reason), remedy?.action ?? '–']);
  }
  return table.toString();
}

function sentence(text: string): string {
  return cutAtEnd(text, 100);
}

function cell(text: string): string {
  return shortened(text, 60);
}
