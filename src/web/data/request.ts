// JSON over fetch: the one place that turns answers into values or failures.
import { failureOfAnswer, noAnswer, RequestFailed } from './failure.ts';

interface RequestOptions {
  /** @default 'GET' */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The answer's JSON, undefined for 204. @throws RequestFailed; an AbortError when the signal says so. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { method = 'GET', body, signal } = options;
  const answer = await fetch(path, {
    method,
    headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw isAbort(error) ? error : new RequestFailed(noAnswer, error);
  });
  const text = await answer.text().catch((error: unknown) => {
    throw isAbort(error) ? error : new RequestFailed(noAnswer, error);
  });
  if (!answer.ok) throw new RequestFailed(failureOfAnswer(answer.status, text));
  return parse<T>(answer.status, text);
}

function parse<T>(status: number, text: string): T {
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new RequestFailed(failureOfAnswer(status, text), error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
