// Compare, second half: judging a pair. Pure: the clock is passed in. The rules are an ordered list, and the first that
// answers decides. A pair for which none answers is `ok`.
import type { FindingClass } from '../../shared/report.ts';
import type { BytesRead } from '../observe/object-bytes.ts';
import type { Pair } from './pair-up.ts';

/** The classes of a fault, into which `too-new` may turn. */
export type Drift = Exclude<FindingClass, 'ok' | 'too-new'>;

/** `drift` is the fault, also one that is too new to say so; null for `ok`. `reason` is a sentence for people. */
export interface Verdict {
  readonly class: FindingClass;
  readonly drift: Drift | null;
  readonly reason: string;
}

/** A pair and all else that is known of it. `bytes` is null when nobody read them; `deletionAt`: its outbox entry's time. */
export interface Case extends Pair {
  readonly bytes: BytesRead | null;
  readonly deletionAt: Date | null;
}

export interface JudgeOptions {
  readonly now: Date;
  readonly graceMs: number;
  /** How long an upload may show no sign of life (its row's `uploadedAt`). Not waived by a grace of 0. */
  readonly uploadGraceMs: number;
  /** Uploads begun before it have no process any more, so they need no grace. Null: not known. */
  readonly noUploadsBefore: Date | null;
}

type Rule = (known: Case, options: JudgeOptions) => Verdict | null;

const pendingRow: Rule = ({ row }, options) => {
  if (row?.status !== 'pending') return null;
  const isCut =
    isOlder(row.uploadedAt, options.uploadGraceMs, options.now) ||
    (options.noUploadsBefore !== null && row.uploadedAt < options.noUploadsBefore);
  return isCut ? drift('pending', 'its upload never finished') : tooNew('pending', 'its upload may still be under way');
};

const missingObject: Rule = ({ row, object }) =>
  row && !object ? drift('missing', 'Postgres knows it, S3 does not') : null;

const objectBeingDeleted: Rule = ({ row, deletionAt }, { now, graceMs }) => {
  if (row || !deletionAt) return null;
  return isOlder(deletionAt, graceMs, now)
    ? drift('orphan', `its image was deleted at ${deletionAt.toISOString()}, but the object is still there`)
    : tooNew('orphan', 'its image was deleted a moment ago; the API will remove the object');
};

const objectWithoutRow: Rule = ({ row, object }, { now, graceMs }) => {
  if (row || !object) return null;
  return isOlder(object.lastModified, graceMs, now)
    ? drift('orphan', 'S3 has it, Postgres does not')
    : tooNew('orphan', `S3 has it, Postgres does not; younger than the grace of ${graceMs / 1000} s`);
};

const otherSize: Rule = ({ row, object }) =>
  row && object && row.sizeBytes !== object.sizeBytes
    ? drift('size-mismatch', `Postgres knows ${row.sizeBytes} bytes, S3 holds ${object.sizeBytes}`)
    : null;

const notReadable: Rule = ({ bytes }) => (bytes?.kind === 'unreadable' ? drift('unreadable', bytes.reason) : null);

const otherBytes: Rule = ({ row, bytes }) =>
  row && bytes?.kind === 'read' && row.sha256 !== bytes.sha256
    ? drift('checksum-mismatch', `its bytes have SHA-256 ${bytes.sha256}, Postgres knows ${row.sha256}`)
    : null;

const rules: readonly Rule[] = [
  pendingRow,
  missingObject,
  objectBeingDeleted,
  objectWithoutRow,
  otherSize,
  notReadable,
  otherBytes,
];

/** Judges one pair. Without `bytes` a checksum is taken as right: a quick run compares presence and size only. */
export function judge(known: Case, options: JudgeOptions): Verdict {
  for (const rule of rules) {
    const verdict = rule(known, options);
    if (verdict) return verdict;
  }
  return { class: 'ok', drift: null, reason: 'both sides agree' };
}

/** Whether `time` lies at least `ageMs` back. A grace of 0 asks nothing, so that no clock's skew can matter. */
export function isOlder(time: Date, ageMs: number, now: Date): boolean {
  return ageMs === 0 || now.getTime() - time.getTime() >= ageMs;
}

function drift(what: Drift, reason: string): Verdict {
  return { class: what, drift: what, reason };
}

function tooNew(what: Drift, reason: string): Verdict {
  return { class: 'too-new', drift: what, reason };
}
