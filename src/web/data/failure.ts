// The failure of a request, in the API's own words where it had any: what, expected, got, remedy.

/** One failure as a person sees it. `status` is null when no answer came. */
export interface Failure {
  readonly code: string;
  readonly status: number | null;
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
  readonly remedy?: string;
}

/** Thrown by every data function for an answer that is not a success, or for none. */
export class RequestFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.what, { cause });
    this.name = 'RequestFailed';
    this.failure = failure;
  }
}

/** The failure in an answer's body; an answer that is not the API's (a proxy's page, say) still gets a remedy. */
export function failureOfAnswer(status: number, body: string): Failure {
  const error = errorIn(body);
  if (!error || typeof error.what !== 'string')
    return { code: `HTTP ${status}`, status, what: `the server answered ${status}`, remedy: remedyOf(status) };
  return {
    code: typeof error.code === 'string' ? error.code : `HTTP ${status}`,
    status,
    what: error.what,
    ...(typeof error.expected === 'string' && { expected: error.expected }),
    ...(typeof error.got === 'string' && { got: error.got }),
    ...(typeof error.remedy === 'string' && { remedy: error.remedy }),
  };
}

/** No answer at all: refused, cut off, offline. */
export const noAnswer: Failure = {
  code: 'NoAnswer',
  status: null,
  what: "the server can't be reached",
  remedy: 'Check that it runs and that you are online, then try again.',
};

/** Any thrown value as a failure; what is not a failed request is a bug of the page, and says so. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof RequestFailed) return thrown.failure;
  return {
    code: 'PageError',
    status: null,
    what: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'Reload the page.',
  };
}

/** A sentence with its first letter large and a full stop: the API's parts have neither. */
export function asSentence(text: string): string {
  const large = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(large) ? large : `${large}.`;
}

function errorIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return (JSON.parse(body) as { error?: Record<string, unknown> } | null)?.error;
  } catch {
    return undefined; // not JSON: not the API's
  }
}

function remedyOf(status: number): string {
  if (status === 413) return 'The file is too large for a server on the way; send a smaller one.';
  return status >= 500 ? 'Try again in a moment.' : 'Reload the page, then try again.';
}
