// The words of the reconciler that others read: classes, findings, the report (P11). Shapes only; times are ISO 8601.

/** `Healthy`: read whole, all ok. `Degraded`: drift. `Incomplete`: something stayed unknown. `Suspicious`: looks like a lost side. */
export type IntegrityStatus = 'Healthy' | 'Degraded' | 'Incomplete' | 'Suspicious';

export const findingClasses = [
  'ok',
  'missing',
  'orphan',
  'size-mismatch',
  'checksum-mismatch',
  'unreadable',
  'pending',
  'too-new',
] as const;
/** `pending`: an upload that never finished. `too-new`: younger than the grace, so not judged yet. */
export type FindingClass = (typeof findingClasses)[number];

/**
 * The actions of a repair, in the order of preference (P9). `finish-upload`/`discard-pending` end an upload cut in
 * half.
 */
export const actionKinds = [
  'restore',
  'adopt',
  'finish-upload',
  'discard-pending',
  'correct-row',
  'quarantine',
  'delete',
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** One difference between S3 and Postgres. `reason` is a sentence for people. */
export interface Finding {
  readonly class: FindingClass;
  readonly key: string;
  readonly reason: string;
  readonly row?: {
    readonly id: string;
    readonly title: string;
    readonly status: string;
    readonly sizeBytes: number | null;
    readonly sha256: string | null;
    readonly uploadedAt: string;
  };
  readonly object?: { readonly sizeBytes: number; readonly etag: string; readonly lastModified: string };
  /** When a run first saw it; absent when this one did. */
  readonly firstSeenAt?: string;
  /** The planned repair, with its reason; absent when nothing can or need be done. */
  readonly remedy?: { readonly action: ActionKind; readonly reason: string };
}

/** The outcome of a planned action. `skipped`: its finding no longer held when checked again. */
export type ActionState = 'planned' | 'done' | 'failed' | 'skipped' | 'undone';

export interface ActionResult {
  readonly id: string;
  readonly action: ActionKind;
  readonly key: string;
  readonly state: ActionState;
  readonly reason: string;
}

/** As Kubernetes writes conditions: type in CamelCase, reason one word, message for people. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export type RunMode = 'check' | 'preview' | 'repair';

export interface IntegrityReport {
  readonly apiVersion: 'keepsake.dev/v1';
  readonly kind: 'IntegrityReport';
  readonly runId: string;
  readonly mode: RunMode;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly status: IntegrityStatus;
  /** One line for people: "12 of 3,400 images are missing; 12 can be restored." */
  readonly summary: string;
  /** Per class: how many keys, and their bytes (the row's size where the object is gone). Every class is present. */
  readonly counts: Readonly<Record<FindingClass, { readonly count: number; readonly bytes: number }>>;
  /** `isComplete` only when both sides were read to their end. */
  readonly coverage: {
    readonly isComplete: boolean;
    readonly objectsRead: number;
    readonly rowsRead: number;
    readonly bucket: string;
    readonly prefix: string;
  };
  /** Who the two sides were: another store or database later means a lost or a wrong one. `storeId` null: no keeper. */
  readonly identity?: { readonly storeId: string | null; readonly databaseId: string };
  /**
   * The counts of the last trusted run: carried on by `Incomplete` and `Suspicious` reports, so that none of them
   * becomes the measure.
   */
  readonly remembered?: { readonly rowsRead: number; readonly storeId: string | null; readonly databaseId: string };
  readonly conditions: readonly Condition[];
  /** The first findings that are not `ok`, at most `sampleLimit` of them. */
  readonly sample: readonly Finding[];
  readonly isSampleCut: boolean;
  /** Where all findings stand, as NDJSON: a path or an s3:// URL; null when they were not written. */
  readonly fullFindings: string | null;
  readonly actions: {
    readonly planned: number;
    readonly done: number;
    readonly failed: number;
    readonly skipped: number;
    readonly sample: readonly ActionResult[];
  };
}

/** Exit codes of a run: 0 clean, 1 drift, 2 incomplete or refused (P11). */
export function exitCodeOf(status: IntegrityStatus): 0 | 1 | 2 {
  if (status === 'Healthy') return 0;
  return status === 'Degraded' ? 1 : 2;
}
