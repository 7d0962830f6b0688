// Buckets, their settings, and the settings of objects. When a client deletes a setting, the deletion is recorded:
// otherwise some defaults of a new bucket would be back (public access block, ownership).

import { captureObject } from '../put-back/capture.ts';
import { deletedMark } from '../put-back/put-back.ts';
import { decodeBody, readBody } from '../s3/bodies.ts';
import type { Call } from '../s3/call.ts';
import { replayHeaders, settingHeaders } from '../s3/headers.ts';
import type { Setting } from '../store/contract.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import type { Scope } from '../turn/scope.ts';
import type { ChangeParts } from '../turn/turns.ts';

export async function createBucket(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  const body = await readBody(call.req);
  await parts.turns.run(call, bucketScope('create-bucket', bucket), async (turn) => {
    const answer = await turn.pass(call.req, { body });
    // S3 answers 200 to the owner who makes it again: nothing changed.
    const isKnown = parts.store.buckets().some((known) => known.bucket === bucket);
    if (answer.status === 200 && !isKnown) {
      const headers = replayHeaders(call.req.rawHeaders);
      await parts.store.commit({ kind: 'put-bucket', bucket, headers, body: decodeBody(call.req.headers, body) });
    }
    return answer;
  });
}

export function deleteBucket(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  return parts.turns.run(call, bucketScope('delete-bucket', bucket), async (turn) => {
    const answer = await turn.pass(call.req);
    if (answer.status < 300) {
      turn.forgetBucket();
      await parts.store.commit({ kind: 'delete-bucket', bucket });
    }
    return answer;
  });
}

/** PUT or DELETE of a sub-resource of the bucket or, with a key, of the object. */
export async function changeSetting(parts: ChangeParts, call: Call, name: string): Promise<void> {
  const { req, target } = call;
  const { bucket, key } = target;
  const { store } = parts;
  const body = await readBody(req);
  await parts.turns.run(call, settingScope(bucket, key, name), async (turn) => {
    const answer = await turn.pass(call.req, { body });
    if (answer.status >= 300) return answer;
    if (key !== '' && store.object(bucket, key) === undefined) {
      await captureObject(store, turn.client, { bucket, key }); // it was made behind our back
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
