// The body of an answer on its way from the emulator to the client. One that the emulator breaks off, or never sends although
// it is alive, breaks the client's connection: what is short must not look whole. What the store holds of it is put back, so
// that the next read is whole (P3).
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { reasonOf } from '../../shared/errors.ts';
import type { KeeperParts } from '../parts.ts';
import { agreeOnKey } from '../put-back/agree.ts';
import type { Call } from '../s3/call.ts';
import { leaveOutBad } from '../turn/leave-out.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { notePassed } from '../upstream/passed-bytes.ts';
import { watchBody } from '../upstream/stalled.ts';

/** To be called when the head has been passed. */
export function passBody(keeper: KeeperParts, call: Call, response: IncomingMessage): void {
  const { req, res, epoch } = call;
  let isBroken = false;
  const broken = (): void => {
    if (isBroken || res.closed || req.socket.destroyed) return; // then it is the client that left
    isBroken = true;
    void putBack(keeper, call);
  };
  response.once('error', broken); // heard before the pipeline does, which destroys the client's connection
  watchBody(response, {
    silentMs: keeper.upstream.silentMs,
    confirm: () => keeper.gate.confirm(epoch),
    onStall() {
      broken();
      response.destroy();
    },
  });
  pipeline(response, res, () => {});
  response.on('data', (chunk: Buffer) => notePassed(chunk.length));
}

async function putBack(keeper: KeeperParts, { target, epoch }: Call): Promise<void> {
  const { store, locks, gate, heads, healing, logger } = keeper;
  const { bucket, key } = target;
  const name = `${bucket}/${key}`;
  if (key === '' || healing.has(name)) return;
  healing.add(name);
  try {
    if (!(await gate.confirm(epoch))) return; // what comes instead of this emulator is filled
    const release = await locks.acquireAll([bucketLock(bucket, true), keyLock(bucket, key)]);
    const endWork = gate.beginWork();
    try {
      if (store.object(bucket, key) === undefined) return;
      logger.warn({ bucket, key }, 'an object of which the emulator did not send all bytes is put back');
      await leaveOutBad(keeper, target, () => agreeOnKey(store, keeper.clientFor(epoch), bucket, key));
      heads.clear();
    } finally {
      endWork();
      release();
    }
  } catch (error) {
    logger.warn({ bucket, key, reason: reasonOf(error) }, 'it is not put back yet');
  } finally {
    healing.delete(name);
  }
}
