// Uploads from HTML forms. The key stands inside the form, so the whole bucket waits; what came of it is read back.

import { KeepsakeError } from '../../shared/errors.ts';
import { bucketLock } from '../locks.ts';
import type { Call, KeeperParts } from '../parts.ts';
import { captureObject } from '../restore/capture.ts';
import type { Answer } from '../upstream/client.ts';
import { textOf } from '../xml.ts';
import { mutate, pass } from './mutation.ts';
import { rawHeader } from './replay-headers.ts';

export function postForm(keeper: KeeperParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  const scope = { operation: 'post-form', affected: { bucket, keys: null }, locks: [bucketLock(bucket, false)] };
  return mutate(keeper, call, scope, async (turn) => {
    const answer = await pass(keeper, call, turn);
    const key = keyOf(answer, bucket);
    // A form chooses the status of its success, and LocalStack takes any: what tells a key has made it.
    if (answer.status >= 400 && key === undefined) return answer;
    if (key === undefined)
      throw new KeepsakeError('S3BadAnswer', { what: 'the emulator does not say which key a form made' });
    await captureObject(keeper.store, keeper.clientFor(turn.epoch), { bucket, key });
    return answer;
  });
}

/** The key that a form made: said in the XML of a 201, in the redirect's query, or in the object's Location. */
export function keyOf({ status, headers, body }: Answer, bucket: string): string | undefined {
  if (status === 201) return textOf(body.toString(), 'Key');
  const location = rawHeader(headers, 'location');
  if (location === undefined || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  if (status === 303) return url.searchParams.get('key') ?? undefined;
  const path = url.pathname.slice(1);
  const name = path.startsWith(`${bucket}/`) ? path.slice(bucket.length + 1) : path;
  return name === '' ? undefined : decodeURIComponent(name);
}
