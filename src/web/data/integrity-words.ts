// The reconciler's words as people read them, and how much each matters.
import type { ActionKind, ActionState, FindingClass, IntegrityStatus, RunMode } from '../../shared/report.ts';

/** `good`, `warn` and `bad` are colours with a word beside them, never colour alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

export const statusWords: Readonly<Record<IntegrityStatus, { readonly tone: Tone; readonly meaning: string }>> = {
  Healthy: { tone: 'good', meaning: 'Everything was read, and every link leads to its image.' },
  Degraded: { tone: 'bad', meaning: 'S3 and the database differ; what differs is listed below.' },
  Incomplete: { tone: 'warn', meaning: 'Something could not be read, so nothing is proven and nothing is changed.' },
  Suspicious: { tone: 'bad', meaning: 'One side looks lost as a whole. Nothing is changed until a person has looked.' },
};

interface ClassWords {
  readonly label: string;
  readonly meaning: string;
  readonly tone: Tone;
}

/** In the order of a report's table. */
export const classWords: Readonly<Record<FindingClass, ClassWords>> = {
  ok: { label: 'Whole', meaning: 'row and object agree', tone: 'good' },
  missing: { label: 'Missing', meaning: 'a row whose object is gone: a broken link', tone: 'bad' },
  'size-mismatch': { label: 'Size differs', meaning: 'the object has another size than its row says', tone: 'bad' },
  'checksum-mismatch': { label: 'Content differs', meaning: 'the object has another SHA-256', tone: 'bad' },
  unreadable: { label: 'Unreadable', meaning: 'S3 lists the object, but does not give it', tone: 'bad' },
  orphan: { label: 'Orphan', meaning: 'an object that no row names', tone: 'warn' },
  pending: { label: 'Unfinished', meaning: 'an upload that never ended', tone: 'warn' },
  'too-new': { label: 'Too new', meaning: 'younger than the grace: not judged yet', tone: 'quiet' },
};

export const actionWords: Readonly<Record<ActionKind, string>> = {
  restore: 'Restore the object',
  adopt: 'Write its row again',
  'finish-upload': 'Finish the upload',
  'discard-pending': 'Discard the unfinished upload',
  'correct-row': 'Correct the row',
  quarantine: 'Put the object aside',
  delete: 'Delete',
};

export const stateWords: Readonly<Record<ActionState, { readonly label: string; readonly tone: Tone }>> = {
  planned: { label: 'planned', tone: 'quiet' },
  done: { label: 'done', tone: 'good' },
  failed: { label: 'failed', tone: 'bad' },
  skipped: { label: 'skipped: no longer so', tone: 'quiet' },
  undone: { label: 'undone', tone: 'quiet' },
};

export const modeWords: Readonly<Record<RunMode, string>> = { check: 'Check', preview: 'Preview', repair: 'Repair' };
