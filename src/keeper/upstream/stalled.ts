// An answer whose body stops coming. LocalStack can announce bytes that it has lost: it sends the head, and then nothing, on a
// connection that stays open. Nobody may wait for them for ever.
import type { IncomingMessage } from 'node:http';

/**
 * Calls `onStall` when nothing came for the idle time of the connection (its agent's `timeout`) although the reader of the
 * body waits: what came has been taken. May call it again after more has come. Whoever calls it decides what to do.
 */
export function watchBody(response: IncomingMessage, onStall: () => void): void {
  const { socket } = response; // an answer that ends lets go of it
  const idle = (): void => {
    if (!response.complete && response.readableLength === 0) onStall();
  };
  socket.on('timeout', idle);
  response.once('close', () => socket.off('timeout', idle));
}
