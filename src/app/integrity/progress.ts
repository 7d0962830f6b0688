// A run's progress as server-sent events (HTML Standard, 9.2): one event a step, comments in between so that no proxy
// takes the silence for the end.
import type { Response } from 'express';
import { asKeepsakeError } from '../../shared/errors.ts';
import type { RunProgress } from '../../shared/integrity-service.ts';

const heartbeatMs = 15_000;

/** Sends all steps and ends with the run. A client that leaves ends the reading, not the run. */
export async function sendProgress(
  response: Response,
  steps: (signal: AbortSignal) => AsyncIterable<RunProgress>,
): Promise<void> {
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  const iterator = steps(abort.signal)[Symbol.asyncIterator]();
  let next = await iterator.next(); // an unknown run is a 404, said before the stream begins
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
  try {
    for (; !next.done && !abort.signal.aborted; next = await iterator.next()) {
      if (!response.write(`event: ${next.value.kind}\ndata: ${JSON.stringify(next.value)}\n\n`))
        await drained(response, abort.signal);
    }
  } catch (error) {
    if (abort.signal.aborted) return;
    const { code, message } = asKeepsakeError(error);
    response.locals.error = asKeepsakeError(error);
    response.write(`event: failed\ndata: ${JSON.stringify({ kind: 'failed', code, message })}\n\n`);
  } finally {
    clearInterval(heartbeat);
    await iterator.return?.();
    response.end();
  }
}

async function drained(response: Response, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
