// PutObject: the body goes to the emulator and, decoded, to the store at once. The saved bytes must be those that the ETag names.

import { captureObject } from '../put-back/capture.ts';
import type { Call } from '../s3/call.ts';
import { checksumHeaders, hasRepeated, rawHeader, replayHeaders, toRawHeaders, withAnswered } from '../s3/headers.ts';
import type { Target } from '../s3/target.ts';
import { createBodyTap, type SavedBody } from '../turn/body-tap.ts';
import { keyScope } from '../turn/scope.ts';
import type { ChangeParts } from '../turn/turns.ts';

export function putObject(parts: ChangeParts, call: Call): Promise<void> {
  const { req, target } = call;
  const { bucket, key } = target;
  const { store } = parts;
  const tap = createBodyTap(store, req.headers);
  return parts.turns.run(call, keyScope('put-object', target), async (turn) => {
    try {
      const answer = await turn.pass(call.req, { tap });
      if (answer.status !== 200) {
        await tap.discard();
        return answer;
      }
      const saved = await tap.finish();
      const etag = rawHeader(answer.headers, 'etag') ?? '';
      const request = replayHeaders(req.rawHeaders);
      if (!isWhatEtagNames(saved, etag) || hasHoistedHeaders(target) || hasRepeated(req.rawHeaders)) {
        await tap.discard();
        await captureObject(store, turn.client, { bucket, key, request });
        return answer;
      }
      const said = { ...request, ...checksumHeaders(toRawHeaders(saved.trailers)) };
      const headers = withAnswered(said, checksumHeaders(answer.headers));
      await store.commit({
        kind: 'put-object',
        meta: { bucket, key, etag, sizeBytes: saved.body.sizeBytes, headers, parts: null },
        source: { kind: 'body', body: saved.body },
      });
      return answer;
    } catch (error) {
      await tap.discard();
      throw error;
    }
  });
}

/** Whether the saved bytes are those the emulator saw. Where they had to be decoded and an ETag is no MD5, that isn't known, and they are read back. */
export function isWhatEtagNames({ isWhole, md5 }: SavedBody, etag: string): boolean {
  return isWhole && etag !== '' && (md5 === undefined || etag === `"${md5}"`);
}

// A presigned URL may carry in its query what is else sent as headers: what came of it, the emulator says.
function hasHoistedHeaders({ query }: Target): boolean {
  if (query === undefined) return false;
  const signing =
    /^x-(id|amz-(algorithm|credential|date|expires|signature|signedheaders|security-token|content-sha256))$/i;
  return [...query.keys()].some((name) => /^x-/i.test(name) && !signing.test(name));
}
