// The body of POST /_keeper/restore. Loaded by the first such request: the schema's library is a third of all the code
// that the keeper would load.
import { z } from 'zod';
import type { RestoreRequest } from '../../shared/keeper-api.ts';

const restoreRequest = z.strictObject({
  bucket: z.string().min(1),
  key: z.string().min(1),
  versionId: z.string().min(1).optional(),
});

/** The request that `text` holds as JSON; undefined when it is none. */
export function parseRestoreRequest(text: string): RestoreRequest | undefined {
  const parsed = restoreRequest.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { versionId, ...rest } = parsed.data;
  return versionId === undefined ? rest : { ...rest, versionId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is no request: the schema says so
  }
}
