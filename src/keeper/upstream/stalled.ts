// An answer whose body stops coming. LocalStack can announce bytes that it has lost: it sends the head, and then nothing, on a
// connection that stays open. Nobody may wait for them for ever.
import type { IncomingMessage } from 'node:http';

/**
 * Calls `onStall` when the reader of a body waits and nothing comes although the emulator is alive: silence, then an answer to
 * `confirm`, then as much silence again. So neither an emulator nor a keeper that was stopped for a while is taken for it.
 */
export function watchBody(
  response: IncomingMessage,
  {
    silentMs,
    confirm,
    onStall,
  }: { readonly silentMs: number; readonly confirm: () => Promise<boolean>; readonly onStall: () => void },
): void {
  const { socket } = response; // an answer that ends lets go of it
  let confirmedAt: number | undefined; // so many bytes had come when the emulator was asked
  const silent = (): void => {
    if (response.complete || response.destroyed) return;
    socket.setTimeout(silentMs); // Node tells of silence once
    const bytes = socket.bytesRead;
    if (response.readableLength > 0) confirmedAt = undefined;
    else if (confirmedAt === bytes) onStall();
    else
      void confirm().then((isAlive) => {
        confirmedAt = isAlive ? bytes : undefined;
      });
  };
  socket.setTimeout(silentMs);
  socket.on('timeout', silent);
  response.once('close', () => socket.off('timeout', silent));
}
