// CopyObject: the emulator copies, the store shares the bytes, and what the copy is beside them is asked for.

import { captureObject, describeObject } from '../put-back/capture.ts';
import type { Call } from '../s3/call.ts';
import { copySource, versionRefusal } from '../s3/copy-source.ts';
import { invalidUri, isErrorBody, sendS3Error } from '../s3/errors.ts';
import { replayHeaders } from '../s3/headers.ts';
import type { Target } from '../s3/target.ts';
import { keyScope, locksOfKey, type Scope } from '../turn/scope.ts';
import type { ChangeParts } from '../turn/turns.ts';

export async function copyObject(parts: ChangeParts, call: Call): Promise<void> {
  const { req, res, target } = call;
  const { bucket, key } = target;
  const { store } = parts;
  const source = copySource(req.headers);
  if (source === undefined) return sendS3Error(res, invalidUri, target.path);
  if (source.isVersion) return sendS3Error(res, versionRefusal, target.path);
  await parts.turns.run(call, copyScope('copy-object', target, source), async (turn) => {
    const answer = await turn.pass(call.req);
    if (answer.status !== 200 || isErrorBody(answer.body)) return answer;
    const client = turn.client;
    const request = replayHeaders(req.rawHeaders);
    const { settings, ...description } = await describeObject(client, bucket, key, request);
    const original = store.object(source.bucket, source.key);
    // Emulators cut a source that isn't encoded where they please (at ; ? #): only what has its ETag is a copy of it.
    if (original === undefined || original.etag !== description.etag) {
      await captureObject(store, client, { bucket, key, request });
      return answer;
    }
    await store.commit({
      kind: 'put-object',
      meta: { bucket, key, parts: original.parts, ...description },
      source: { kind: 'same-as', bucket: source.bucket, key: source.key },
      settings,
    });
    return answer;
  });
}

function copyScope(
  operation: string,
  target: Target,
  source: { readonly bucket: string; readonly key: string },
): Scope {
  const scope = keyScope(operation, target);
  const locks = [...scope.locks, ...locksOfKey(source)];
  return { ...scope, locks, source };
}
