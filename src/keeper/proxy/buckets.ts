// Buckets, their settings, and the settings of objects. What a client deletes is recorded as a deletion: some defaults
// of a new bucket would be back otherwise (public access block, ownership).

import type { KeeperParts } from '../parts.ts';
import { captureObject } from '../put-back/capture.ts';
import { deletedMark } from '../put-back/put-back.ts';
import { decodeBody, readBody } from '../s3/bodies.ts';
import type { Call } from '../s3/call.ts';
import { replayHeaders, settingHeaders } from '../s3/headers.ts';
import type { Setting } from '../store/contract.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { mutate, pass } from '../turn/mutation.ts';
import type { Scope } from '../turn/turn.ts';

export async function createBucket(keeper: KeeperParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  const body = await readBody(call.req);
  await mutate(keeper, call, bucketScope('create-bucket', bucket), async (turn) => {
    const answer = await pass(keeper, call, turn, { body });
    // S3 answers 200 to the owner who makes it again: nothing changed.
    const isKnown = keeper.store.buckets().some((known) => known.bucket === bucket);
    if (answer.status === 200 && !isKnown) {
      const headers = replayHeaders(call.req.rawHeaders);
      await keeper.store.commit({ kind: 'put-bucket', bucket, headers, body: decodeBody(call.req.headers, body) });
    }
    return answer;
  });
}

export function deleteBucket(keeper: KeeperParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  return mutate(keeper, call, bucketScope('delete-bucket', bucket), async (turn) => {
    const answer = await pass(keeper, call, turn);
    if (answer.status < 300) {
      keeper.knownBuckets.delete(bucket);
      await keeper.store.commit({ kind: 'delete-bucket', bucket });
    }
    return answer;
  });
}

/** PUT or DELETE of a sub-resource of the bucket or, with a key, of the object. */
export async function changeSetting(keeper: KeeperParts, call: Call, name: string): Promise<void> {
  const { req, target } = call;
  const { bucket, key } = target;
  const { store } = keeper;
  const body = await readBody(req);
  await mutate(keeper, call, settingScope(bucket, key, name), async (turn) => {
    const answer = await pass(keeper, call, turn, { body });
    if (answer.status >= 300) return answer;
    if (key !== '' && store.object(bucket, key) === undefined) {
      await captureObject(store, keeper.clientFor(turn.epoch), { bucket, key }); // it was made behind our back
      return answer;
    }
    const headers = req.method === 'DELETE' ? { [deletedMark]: 'DELETE' } : settingHeaders(req.rawHeaders);
    const setting: Setting = { name, headers, body: decodeBody(req.headers, body) };
    if (key === '') await store.commit({ kind: 'put-bucket-setting', bucket, setting });
    else await store.commit({ kind: 'put-object-setting', bucket, key, setting });
    return answer;
  });
}

function bucketScope(operation: string, bucket: string): Scope {
  return { operation, affected: { bucket, keys: null }, locks: [bucketLock(bucket, false)] };
}

function settingScope(bucket: string, key: string, setting: string): Scope {
  const operation = 'change-setting';
  if (key === '') return { ...bucketScope(operation, bucket), affected: { bucket, keys: null, setting } };
  return {
    operation,
    affected: { bucket, keys: [key], setting },
    locks: [bucketLock(bucket, true), keyLock(bucket, key)],
  };
}
