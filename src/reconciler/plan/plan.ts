// Plan: evidence → at most one action each, as a value that can be written down. Pure. An ordered list of policies in
// the order of P9: restore, adopt, finish or discard, correct, quarantine, delete; the first that answers decides.
import { v7 as uuidv7 } from 'uuid';
import type { ImageRow } from '../../shared/image.ts';
import type { ActionKind, Finding } from '../../shared/report.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';
import { isOlder } from '../compare/judge.ts';
import type { Evidence } from './evidence.ts';
import type { RestoreSource } from './means.ts';

/** The thing that an action of each kind concerns, and the state it expects there: compared again at its moment. */
interface Particulars {
  readonly restore: {
    readonly row: ImageRow;
    readonly object: ListedObject | null;
    readonly sources: readonly RestoreSource[];
  };
  readonly adopt: { readonly row: ImageRow; readonly object: ListedObject };
  readonly 'finish-upload': { readonly row: ImageRow; readonly object: ListedObject };
  readonly 'discard-pending': { readonly row: ImageRow; readonly object: ListedObject | null };
  readonly 'correct-row': { readonly row: ImageRow; readonly sizeBytes: number; readonly object: ListedObject };
  readonly quarantine: { readonly object: ListedObject };
  readonly delete: { readonly target: DeleteTarget };
}

type Draft = { readonly [K in ActionKind]: { readonly action: K } & Particulars[K] };

/** One step of a repair, of kind `K`. JSON keeps all of it. */
export type ActionOf<K extends ActionKind> = {
  readonly [P in K]: { readonly id: string; readonly key: string; readonly reason: string } & Draft[P];
}[K];

export type PlannedAction = ActionOf<ActionKind>;

/** Things that may go for good: a row that nothing brings back, or quarantined bytes whose time is over. */
export type DeleteTarget =
  | { readonly kind: 'row'; readonly row: ImageRow }
  | { readonly kind: 'quarantined'; readonly actionId: string; readonly quarantineKey: string };

/** The rights beside restoring, adopting and finishing, and since when a finding must be known. */
export interface PlanOptions {
  readonly now: Date;
  readonly graceMs: number;
  readonly shouldCleanS3: boolean;
  readonly shouldCleanAll: boolean;
  /** Plan what a repair after this run would do: by then, this run is an earlier one that has seen it. */
  readonly isForNextRun: boolean;
}

/** A policy's answer. `hindrance`: the obstacle that still stands in its way; null for none. */
interface Proposal {
  readonly draft: Draft[ActionKind];
  readonly reason: string;
  readonly hindrance: string | null;
}

type Policy = (evidence: Evidence, options: PlanOptions) => Proposal | null;

const restore: Policy = ({ known, verdict, sources }) => {
  const isBroken = ['missing', 'size-mismatch', 'checksum-mismatch', 'unreadable'].includes(verdict.class);
  if (!isBroken || !known.row || sources === 'unknown' || sources.length === 0) return null;
  // A wrong size with the right bytes is the row's fault: nothing is to be restored.
  if (known.bytes?.kind === 'read' && known.bytes.sha256 === known.row.sha256) return null;
  const from = sources[0]?.kind === 'keeper' ? 'the keeper' : 'the quarantine';
  return go({ action: 'restore', row: known.row, object: known.object, sources }, `${from} holds its bytes`);
};

const adopt: Policy = ({ known, verdict, rebuilt, isDeletedInKeeper }) => {
  if (verdict.class !== 'orphan' || !known.object || !rebuilt) return null;
  // Deleted on purpose: adopting would bring back what somebody removed.
  if (known.deletionAt || isDeletedInKeeper) return null;
  return go({ action: 'adopt', row: rebuilt, object: known.object }, 'its own metadata and bytes prove its row');
};

const finishUpload: Policy = ({ known, verdict, rebuilt }) =>
  verdict.class === 'pending' && known.object && rebuilt
    ? go({ action: 'finish-upload', row: rebuilt, object: known.object }, 'its object arrived whole')
    : null;

const discardPending: Policy = ({ known, verdict }) =>
  verdict.class === 'pending' && known.row
    ? go(
        { action: 'discard-pending', row: known.row, object: known.object },
        known.object ? 'its object is not what the upload promised' : 'its object never arrived',
      )
    : null;

const correctRow: Policy = ({ known }) => {
  const { row, object, bytes } = known;
  if (!row || !object || bytes?.kind !== 'read' || row.status === 'pending') return null;
  if (bytes.sha256 !== row.sha256 || bytes.sizeBytes === row.sizeBytes) return null;
  return go(
    { action: 'correct-row', row, object, sizeBytes: bytes.sizeBytes },
    'the bytes have the right SHA-256, so the size in the row is wrong',
  );
};

const quarantine: Policy = (evidence, options) => {
  const { known, verdict } = evidence;
  if (verdict.class !== 'orphan' || !known.object) return null;
  const hindrance = options.shouldCleanS3 || options.shouldCleanAll ? waitOf(evidence, options) : 'asks for --clean-s3';
  return { draft: { action: 'quarantine', object: known.object }, reason: 'no row refers to it', hindrance };
};

const deleteRow: Policy = (evidence, options) => {
  const { known, verdict, sources } = evidence;
  if (verdict.class !== 'missing' || !known.row || sources === 'unknown') return null;
  const hindrance = options.shouldCleanAll ? waitOf(evidence, options) : 'asks for --clean-all';
  return {
    draft: { action: 'delete', target: { kind: 'row', row: known.row } },
    reason: 'nothing holds its bytes any more',
    hindrance,
  };
};

const policies: readonly Policy[] = [restore, adopt, finishUpload, discardPending, correctRow, quarantine, deleteRow];

/** The plan for one difference: the action when nothing stands in its way, and the remedy to show either way. */
export function planFor(
  evidence: Evidence,
  options: PlanOptions,
): { readonly action: PlannedAction | null; readonly remedy: Finding['remedy'] } {
  if (evidence.known.key.includes('\0')) return { action: null, remedy: undefined }; // Postgres can't hold such a key
  for (const policy of policies) {
    const proposal = policy(evidence, options);
    if (!proposal) continue;
    const { draft, reason, hindrance } = proposal;
    const remedy = { action: draft.action, reason: hindrance ? `${reason}; ${hindrance}` : reason };
    const action = hindrance ? null : { id: uuidv7(), key: evidence.known.key, reason, ...draft };
    return { action, remedy };
  }
  return { action: null, remedy: undefined };
}

/** P9: whether an action takes something away or makes something appear, so that the limits count it. */
export function isLimited(action: ActionKind): boolean {
  return isRemoval(action) || action === 'adopt';
}

/** P9: whether an action takes a row or an object away: what a brake forbids. */
export function isRemoval(action: ActionKind): boolean {
  return action === 'quarantine' || action === 'delete' || action === 'discard-pending';
}

// P9: nothing is removed that no earlier run has seen, or that has not been seen for as long as the grace.
function waitOf({ sighting }: Evidence, { graceMs, now, isForNextRun }: PlanOptions): string | null {
  if (!sighting.isEarlier && !isForNextRun) return 'waits for a second run: no earlier one has seen it';
  if (isOlder(sighting.firstSeenAt, graceMs, now)) return null;
  const until = new Date(sighting.firstSeenAt.getTime() + graceMs);
  return `waits until ${until.toISOString()}, the end of its grace`;
}

function go(draft: Draft[ActionKind], reason: string): Proposal {
  return { draft, reason, hindrance: null };
}
