// The report (P11): counts, conditions and a capped sample, always small enough for a ConfigMap. Pure.
import { v7 as uuidv7 } from 'uuid';
import { KeepsakeError } from '../../shared/errors.ts';
import {
  type ActionResult,
  type Condition,
  type Finding,
  type FindingClass,
  findingClasses,
  type IntegrityReport,
  type IntegrityStatus,
} from '../../shared/report.ts';
import type { Evidence } from '../plan/evidence.ts';
import { storableKey } from '../state/memory.ts';
import { toPlainJson } from './manifest.ts';

/** The most bytes that a report's JSON, indented, may have: a ConfigMap's data must stay under 256 KiB with the rest. */
export const reportLimitBytes = 200 * 1024;
const sampleLimit = 50;
// Room for each of the two samples; counts, conditions and texts have bounds of their own and need far less than the rest.
const sampleLimitBytes = 64 * 1024;
const textLimit = 300;

/** A finding as the report shows it: texts cut, keys as they can be stored. */
export function toFinding({ known, verdict, sighting }: Evidence, remedy: Finding['remedy']): Finding {
  const { row, object } = known;
  return {
    class: verdict.class,
    key: storableKey(known.key),
    reason: verdict.reason,
    ...(row && {
      row: {
        id: row.id,
        title: cut(row.title),
        status: row.status,
        sizeBytes: row.sizeBytes,
        sha256: row.sha256,
        uploadedAt: row.uploadedAt.toISOString(),
      },
    }),
    ...(object && {
      object: {
        sizeBytes: object.sizeBytes,
        etag: object.etag,
        lastModified: object.lastModified.toISOString(),
      },
    }),
    ...(sighting.isEarlier && { firstSeenAt: sighting.firstSeenAt.toISOString() }),
    ...(remedy && { remedy }),
  };
}

type Counts = Record<FindingClass, { count: number; bytes: number }>;

/** Counts, and the first findings and results as far as there is room. Memory is bounded whatever is added. */
export class Tally {
  readonly counts: Counts = Object.fromEntries(findingClasses.map((name) => [name, { count: 0, bytes: 0 }])) as Counts;
  readonly findings = new BoundedSample<Finding>();
  readonly results = new BoundedSample<ActionResult>();
  readonly actions = { planned: 0, done: 0, failed: 0, skipped: 0 };

  count(name: FindingClass, bytes: number, count = 1): void {
    const entry = this.counts[name];
    entry.count += count;
    entry.bytes += bytes;
  }

  addResult(result: ActionResult): void {
    this.results.add({ ...result, reason: cut(result.reason) });
    if (result.state === 'done' || result.state === 'failed' || result.state === 'skipped')
      this.actions[result.state] += 1;
  }

  /** Plans a bucket that comes back with the object of `key`. Before there is a bucket to read, no more is known. */
  planBucket(key: string): void {
    this.actions.planned = 1;
    const reason = 'the keeper makes the bucket anew, then restores the rest';
    this.addResult({ id: uuidv7(), action: 'restore', key, reason, state: 'planned' });
  }

  /** How many keys differ, young ones aside. */
  get driftCount(): number {
    return findingClasses
      .filter((name) => name !== 'ok' && name !== 'too-new')
      .reduce((sum, name) => sum + this.counts[name].count, 0);
  }
}

class BoundedSample<T> {
  readonly #items: T[] = [];
  #bytes = 0;
  #isCut = false;

  add(item: T): void {
    const bytes = Buffer.byteLength(toPlainJson(item)) * 2; // twice: the report indents it deeper
    if (this.#isCut || this.#items.length >= sampleLimit || this.#bytes + bytes > sampleLimitBytes) {
      this.#isCut = true;
      return;
    }
    this.#items.push(item);
    this.#bytes += bytes;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  get isCut(): boolean {
    return this.#isCut;
  }
}

/** The status by what holds, worst first. `driftLeft`: differences that no action of this run mended. */
export function statusOf(facts: {
  readonly isComplete: boolean;
  readonly isBraked: boolean;
  readonly driftLeft: number;
}): IntegrityStatus {
  if (!facts.isComplete) return 'Incomplete';
  if (facts.driftLeft === 0 && !facts.isBraked) return 'Healthy';
  return facts.isBraked ? 'Suspicious' : 'Degraded';
}

/** One line for people: the findings, then the repairs that were or can be done. */
export function summarise(
  status: IntegrityStatus,
  { counts, actions, driftCount }: Tally,
  options: { readonly remediable: number; readonly failure: KeepsakeError | null },
): string {
  const acted = actions.done + actions.failed + actions.skipped;
  if (options.failure)
    return acted > 0
      ? `Stopped after ${actions.done} repaired, ${actions.failed} failed; the rest was left: ${cut(options.failure.message)}`
      : `Not everything could be read, so nothing was judged: ${cut(options.failure.message)}`;
  const all = counts.ok.count + driftCount + counts['too-new'].count;
  const parts = findingClasses
    .filter((name) => name !== 'ok' && counts[name].count > 0)
    .map((name) => `${count(counts[name].count)} ${words[name]}`);
  const found = parts.length === 0 ? wholeOf(all) : `Of ${count(all)}: ${parts.join(', ')}`;
  const repairs =
    acted > 0 ? `; ${actions.done} repaired, ${actions.failed} failed, ${actions.skipped} left alone` : '';
  const means = acted === 0 && driftCount > 0 ? `; ${count(options.remediable)} can be repaired (npm run fix)` : '';
  const warning = status === 'Suspicious' ? ' Something looks wrong, so nothing is removed: see the conditions' : '';
  return `${found}${repairs}${means}.${warning}${warning && '.'}`;
}

function wholeOf(all: number): string {
  if (all === 0) return 'Nothing is stored yet';
  return all === 1 ? 'The one image is whole' : `All ${count(all)} images are whole`;
}

const words: Readonly<Record<FindingClass, string>> = {
  ok: 'whole',
  missing: 'missing in S3',
  orphan: 'without a row',
  'size-mismatch': 'of another size',
  'checksum-mismatch': 'with other bytes',
  unreadable: 'not readable',
  pending: 'never finished uploading',
  'too-new': 'too new to judge',
};

const count = (value: number): string => value.toLocaleString('en-US');

/** The condition `Complete`: whether both sides were read to their end, and why not. */
export function completeness(failure: KeepsakeError | null): Condition {
  return failure
    ? { type: 'Complete', status: 'False', reason: failure.code, message: cut(failure.message, 1000) }
    : { type: 'Complete', status: 'True', reason: 'ReadToTheEnd', message: 'Both sides were read to their end.' };
}

/** @throws KeepsakeError `Internal` when a report is larger than its limit, which the samples' bounds rule out. */
export function assertFits(report: IntegrityReport): IntegrityReport {
  const bytes = Buffer.byteLength(toPlainJson(report));
  if (bytes > reportLimitBytes)
    throw new KeepsakeError('Internal', { what: `a report has ${bytes} bytes, more than ${reportLimitBytes}` });
  return report;
}

/** A text cut to a length, with an ellipsis where something is missing. */
export function cut(text: string, limit = textLimit): string {
  return text.length <= limit ? text : `${text.slice(0, limit).toWellFormed()}…`;
}
