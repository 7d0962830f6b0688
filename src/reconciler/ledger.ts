// All that a run has found out, counted, planned and mended so far. Its brakes and its report are made of it. Its memory
// is bounded, whatever is added.
import { idOfKey } from '../shared/image.ts';
import type { Condition, Finding } from '../shared/report.ts';
import { type Pair, sizeOf } from './compare/pair-up.ts';
import type { Identity } from './observe/identity.ts';
import type { Sides } from './plan/brakes.ts';
import type { Evidence } from './plan/evidence.ts';
import { isLimited, type PlannedAction } from './plan/plan.ts';
import type { FindingsFile } from './publish/findings-file.ts';
import { Tally } from './publish/report.ts';
import type { JournalEntry } from './state/journal.ts';
import type { Remembered } from './state/runs.ts';

// One more than this is left to the next run, which starts from what is there: about 50 MB of plan at most.
const maxPlanned = 50_000;

export class Ledger {
  readonly tally = new Tally();
  readonly plan: PlannedAction[] = [];
  /** Differences that a repair would end, as things are. */
  remediable = 0;
  /** Who the two sides are; null until they were asked. */
  identity: Identity | null = null;
  /** The measure that an earlier healthy run left for this one. */
  remembered: Remembered | null = null;
  /** Where all findings are written; null until it is open. */
  findingsFile: FindingsFile | null = null;
  readonly #conditions: Condition[] = [];
  readonly #read = { objectsRead: 0, rowsRead: 0, storedRows: 0, orphanImages: 0 };
  readonly #mended = { missing: 0, orphanImages: 0, adopted: 0, all: 0 };
  #unplanned = 0;
  #unsettled = 0;

  countRead({ object, row }: Pair): void {
    if (object) this.#read.objectsRead += 1;
    if (row) this.#read.rowsRead += 1;
    if (row?.status === 'stored') this.#read.storedRows += 1;
  }

  addEvidence({ known, verdict }: Evidence, finding: Finding): void {
    this.tally.count(verdict.class, sizeOf(known));
    this.tally.findings.add(finding);
    if (verdict.drift === 'orphan' && idOfKey(known.key)) this.#read.orphanImages += 1;
  }

  addConditions(conditions: readonly Condition[]): void {
    this.#conditions.push(...conditions);
  }

  addPlanned(action: PlannedAction): void {
    if (this.plan.length < maxPlanned) this.plan.push(action);
    else this.#unplanned += 1;
  }

  /** Repairs that a run left half done, when this one only looks. */
  addUnsettled(entries: readonly JournalEntry[]): void {
    this.#unsettled += entries.length;
    for (const { id, action, key } of entries)
      this.tally.addResult({ id, action, key, reason: 'its run died half-way', state: 'planned' });
  }

  /** Repairs that stay open, since neither the bytes set aside nor the original can be found. */
  addUnprovable(entries: readonly JournalEntry[]): void {
    if (entries.length > 0) this.#conditions.push(unprovable(entries));
  }

  /** Counts the differences that an action, once done, has mended. */
  addMended(action: PlannedAction): void {
    if (action.action === 'delete' && action.target.kind === 'quarantined') return; // no difference of this pass
    this.#mended.all += 1;
    if (action.action === 'adopt') this.#mended.adopted += 1;
    if (action.action === 'adopt' || action.action === 'quarantine')
      this.#mended.orphanImages += idOfKey(action.key) ? 1 : 0;
    else if ((action.action === 'restore' && !action.object) || action.action === 'delete') this.#mended.missing += 1;
  }

  /** How much was read of each side. */
  get read(): Pick<Sides, 'objectsRead' | 'rowsRead'> {
    return this.#read;
  }

  /** Both sides as they are now, after what was mended. */
  get sides(): Sides {
    return {
      ...this.#read,
      rowsRead: this.#read.rowsRead + this.#mended.adopted,
      missing: this.tally.counts.missing.count - this.#mended.missing,
      orphanImages: this.#read.orphanImages - this.#mended.orphanImages,
    };
  }

  get limitedActions(): number {
    return this.plan.filter(({ action }) => isLimited(action)).length;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  get driftLeft(): number {
    return this.tally.driftCount - this.#mended.all;
  }

  /** The conditions that were noticed, then those of work left to a later run. */
  get conditions(): readonly Condition[] {
    return [
      ...this.#conditions,
      ...(this.#unsettled > 0 ? [unfinished] : []),
      ...(this.#unplanned > 0 ? [moreNextTime(this.#unplanned)] : []),
    ];
  }
}

function unprovable(entries: readonly JournalEntry[]): Condition {
  const message =
    `${entries.length} repairs that died half-way stay open: the bytes of ${JSON.stringify(entries[0]?.key)} are neither ` +
    `under their key nor in the quarantine (${entries[0]?.undo.quarantineKey ?? 'no copy'}). ` +
    'The journal keeps where they were put. Bring the volume or the bucket back, then run again.';
  return { type: 'RepairsUnsettled', status: 'True', reason: 'BytesNotFound', message };
}

const unfinished: Condition = {
  type: 'UnfinishedRepairs',
  status: 'True',
  reason: 'RunDied',
  message: 'A repair died half-way. Nothing is lost; end it: npm run fix -- --fix',
};

function moreNextTime(count: number): Condition {
  const message = `${count} more repairs wait: one run plans at most ${maxPlanned}. Run again: npm run fix -- --fix`;
  return { type: 'MoreToDo', status: 'True', reason: 'PlanFull', message };
}
