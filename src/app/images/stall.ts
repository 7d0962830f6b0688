// A client that stalls while it sends, or drips byte by byte, must not hold its place for ever (P7).
import type { Request } from 'express';
import { KeepsakeError } from '../../shared/errors.ts';

/** Fewer bytes than this within the idle time count as none. */
const leastBytes = 4096;

/**
 * Calls `fail` with `RequestTimeout` once the client has sent next to nothing for `idleMs` although it was waited for.
 * Time in which the request is paused, because S3 is slow to take its bytes, does not count. Returns what ends the
 * watch.
 */
export function watchForStall(request: Request, idleMs: number, fail: (error: KeepsakeError) => void): () => void {
  const { socket } = request;
  let seenBytes = socket.bytesRead;
  let seenAt = performance.now();
  const timer = setInterval(
    () => {
      const hasMoved = socket.bytesRead - seenBytes >= leastBytes;
      if (hasMoved || request.isPaused() || request.complete) {
        seenBytes = socket.bytesRead;
        seenAt = performance.now();
      } else if (performance.now() - seenAt >= idleMs) {
        clearInterval(timer);
        fail(stalled(idleMs));
      }
    },
    Math.max(10, idleMs / 4),
  );
  return () => clearInterval(timer);
}

function stalled(idleMs: number): KeepsakeError {
  return new KeepsakeError('RequestTimeout', {
    what: 'the client stopped sending',
    expected: `at least ${leastBytes} bytes every ${idleMs} ms`,
    remedy: 'Send the image again; nothing of it was kept.',
  });
}
