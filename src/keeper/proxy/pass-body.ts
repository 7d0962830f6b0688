// Passes the body of an answer from the emulator to the client. A body that the emulator breaks off, or never sends although it
// is alive, breaks the client's connection: a short body must not look whole.
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Call } from '../s3/call.ts';
import type { Emulator } from '../upstream/emulator.ts';
import { notePassed } from '../upstream/passed-bytes.ts';
import { watchBody } from '../upstream/stalled.ts';

/** To be called when the head has been passed. Calls `onCut` once when the emulator does not send all bytes. */
export function passBody(
  emulator: Emulator,
  call: Call,
  { response, onCut }: { readonly response: IncomingMessage; readonly onCut: () => void },
): void {
  const { req, res, epoch } = call;
  let isCut = false;
  const cut = (): void => {
    if (isCut || res.closed || req.socket.destroyed) return; // then it is the client that left
    isCut = true;
    onCut();
  };
  response.once('error', cut); // heard before the pipeline does, which destroys the client's connection
  watchBody(response, {
    silentMs: emulator.upstream.silentMs,
    confirm: () => emulator.gate.confirm(epoch),
    onStall() {
      cut();
      response.destroy();
    },
  });
  pipeline(response, res, () => {});
  response.on('data', (chunk: Buffer) => notePassed(chunk.length));
}
