// Uploads from HTML forms. The key stands inside the form, so the whole bucket waits; what came of it is read back.
import { KeepsakeError } from '../../shared/errors.ts';
import { captureObject } from '../put-back/capture.ts';
import type { Call } from '../s3/call.ts';
import { createFormReader, type FormReader } from '../s3/form-key.ts';
import { rawHeader } from '../s3/headers.ts';
import { pathOf } from '../s3/target.ts';
import { textOf } from '../s3/xml.ts';
import type { Store } from '../store/contract.ts';
import type { BodyTap } from '../turn/body-tap.ts';
import { bucketLock } from '../turn/locks.ts';
import type { Turn } from '../turn/turn.ts';
import type { ChangeParts } from '../turn/turns.ts';
import type { Answer, EmulatorClient } from '../upstream/client.ts';

export function postForm(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket } = call.target;
  const form = createFormReader(call.req.headers['content-type'] ?? '');
  const affected = {
    bucket,
    /** Known when the fields have passed; any of the bucket where the form is not understood. */
    get keys() {
      const named = form.keys().filter((key) => key !== '');
      return named.length === 0 ? null : named;
    },
  };
  const scope = { operation: 'post-form', affected, locks: [bucketLock(bucket, false)] };
  return parts.turns.run(call, scope, async (turn) => {
    const answer = await turn.pass(call.req, { tap: watching(form) });
    const named = keyOf(answer, bucket);
    const { client } = turn;
    // A form chooses the status of its success, and LocalStack takes any: an answer that names a key has made it.
    if (answer.status >= 400 && named === undefined) {
      if (answer.status === 400) await putBackNamed(parts.store, turn, { bucket, keys: form.keys() });
      return answer;
    }
    const made = named === undefined ? await whatIsThere(client, bucket, form.keys()) : [named];
    if (made.length === 0)
      throw new KeepsakeError('S3BadAnswer', { what: 'the emulator does not say which key a form made' });
    for (const key of made) await captureObject(parts.store, client, { bucket, key });
    return answer;
  });
}

// A checksum that was wrong: as with a PUT (../turn/turns.ts), the old object has been emptied.
async function putBackNamed(store: Store, turn: Turn, { bucket, keys }: NamedKeys): Promise<void> {
  await turn.putBack(keys.filter((key) => store.object(bucket, key) !== undefined));
}

interface NamedKeys {
  readonly bucket: string;
  readonly keys: readonly string[];
}

/** Sees the form without saving it: what came of it is read back. */
function watching(form: FormReader): BodyTap {
  return {
    write: async (chunk) => form.write(chunk),
    finish: () => Promise.reject(new KeepsakeError('Internal', { what: 'a form is not saved as it passes' })),
    discard: async () => {},
  };
}

async function whatIsThere(
  client: EmulatorClient,
  bucket: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const there: string[] = [];
  for (const key of keys) if ((await client.call('HEAD', pathOf(bucket, key))).status === 200) there.push(key);
  return there;
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
