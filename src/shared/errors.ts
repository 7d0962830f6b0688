// Every error a user can meet: code → HTTP status, what the caller must do, and a message that says what, expected,
// got and remedy. An error is made here or it is a bug; `cause` carries what was underneath.

/** The caller's next step: try again, call a person, or report a bug of ours. */
export type ErrorKind = 'retry' | 'person' | 'bug';

/** The parts of a message, in the order they are printed. `remedy` is an instruction, in the imperative. */
export interface ErrorDetail {
  /** The fault, as a sentence without its full stop. */
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
  readonly remedy?: string;
}

interface CatalogueEntry {
  readonly status: number;
  readonly kind: ErrorKind;
}

/** Codes, each with its HTTP status (RFC 9110) and kind. Grouped by the door they are met at. */
export const errorCatalogue = {
  // settings and start
  InvalidSettings: { status: 500, kind: 'person' },
  PortInUse: { status: 500, kind: 'person' },
  DataFolderLocked: { status: 500, kind: 'person' },
  DataFolderUnusable: { status: 500, kind: 'person' },
  DiskFull: { status: 507, kind: 'person' },
  // requests
  BadRequest: { status: 400, kind: 'person' },
  InvalidCursor: { status: 400, kind: 'person' },
  InvalidId: { status: 400, kind: 'person' },
  InvalidKey: { status: 400, kind: 'person' },
  MissingFile: { status: 400, kind: 'person' },
  TooManyFiles: { status: 400, kind: 'person' },
  UnexpectedField: { status: 400, kind: 'person' },
  EmptyFile: { status: 400, kind: 'person' },
  IncompleteUpload: { status: 400, kind: 'retry' },
  UploadTooLarge: { status: 413, kind: 'person' },
  TooManyPixels: { status: 413, kind: 'person' },
  UnsupportedMediaType: { status: 415, kind: 'person' },
  CrossSiteRequest: { status: 403, kind: 'person' },
  RangeNotSatisfiable: { status: 416, kind: 'person' },
  NotFound: { status: 404, kind: 'person' },
  ImageNotFound: { status: 404, kind: 'person' },
  MethodNotAllowed: { status: 405, kind: 'person' },
  Conflict: { status: 409, kind: 'retry' },
  RequestTimeout: { status: 408, kind: 'retry' },
  Overloaded: { status: 503, kind: 'retry' },
  NotConfigured: { status: 501, kind: 'person' },
  // S3
  S3Unavailable: { status: 503, kind: 'retry' },
  S3BucketMissing: { status: 503, kind: 'person' },
  S3AccessDenied: { status: 503, kind: 'person' },
  S3ObjectMissing: { status: 502, kind: 'person' },
  S3BadAnswer: { status: 502, kind: 'bug' },
  ChecksumMismatch: { status: 502, kind: 'retry' },
  // Postgres
  DatabaseUnavailable: { status: 503, kind: 'retry' },
  DatabaseAccessDenied: { status: 503, kind: 'person' },
  DatabaseSchemaMissing: { status: 503, kind: 'person' },
  // keeper
  KeeperRestoring: { status: 503, kind: 'retry' },
  KeeperStoreDamaged: { status: 500, kind: 'person' },
  KeeperStoreTooNew: { status: 500, kind: 'person' },
  KeeperUnreachable: { status: 503, kind: 'retry' },
  VersionNotFound: { status: 404, kind: 'person' },
  ExportUnusable: { status: 400, kind: 'person' },
  // reconciler
  RunInProgress: { status: 409, kind: 'retry' },
  RunStopped: { status: 503, kind: 'retry' },
  RunRefused: { status: 409, kind: 'person' },
  ListingUnordered: { status: 502, kind: 'bug' },
  ActionNotFound: { status: 404, kind: 'person' },
  ActionNotUndoable: { status: 409, kind: 'person' },
  ClusterPermissionMissing: { status: 403, kind: 'person' },
  ClusterConflict: { status: 409, kind: 'person' },
  ClusterUnreachable: { status: 503, kind: 'retry' },
  // ours
  Internal: { status: 500, kind: 'bug' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error of the catalogue. `message` reads "what: expected …, got …. remedy"; `detail` holds the parts. */
export class KeepsakeError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, detail: ErrorDetail, cause?: unknown) {
    super(formatDetail(detail), cause === undefined ? undefined : { cause });
    this.name = 'KeepsakeError';
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get kind(): ErrorKind {
    return errorCatalogue[this.code].kind;
  }
}

/** The error as JSON for an HTTP answer: the code, the message and its parts, never the cause. */
export function toErrorBody(error: KeepsakeError): {
  readonly error: ErrorDetail & { code: ErrorCode; message: string };
} {
  return { error: { code: error.code, message: error.message, ...error.detail } };
}

/** Any thrown value as a KeepsakeError; what is not of the catalogue becomes `Internal`, with the cause kept. */
export function asKeepsakeError(thrown: unknown): KeepsakeError {
  if (thrown instanceof KeepsakeError) return thrown;
  return new KeepsakeError(
    'Internal',
    { what: 'an unexpected error occurred', remedy: 'See the log for its cause.' },
    thrown,
  );
}

/** The innermost reason of a network error, in words: `connect ECONNREFUSED 127.0.0.1:4566`. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}

/** For the end of a `switch` over a union: a compile error when a case is missing, a bug at run time. */
export function assertNever(value: never): never {
  throw new KeepsakeError('Internal', { what: `unhandled case ${JSON.stringify(value)}` });
}

function formatDetail({ what, expected, got, remedy }: ErrorDetail): string {
  const facts = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
  return `${what}${facts ? `: ${facts}` : ''}.${remedy ? ` ${remedy}` : ''}`;
}
