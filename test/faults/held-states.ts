// Looks into a store after a fault: what it holds, in the words of a history, and what of that could not have been.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { openStore, type Store } from '../../src/keeper/store/index.ts';
import { type Change, possibleAt, type State } from './history.ts';
import { isPart, partKey } from './recorded-load.ts';

/** The state of each object and part that the store holds. @throws what reading them throws */
export async function heldStates(store: Store): Promise<ReadonlyMap<string, State>> {
  const held = new Map<string, State>();
  for (const { key, versionId } of store.objects()) held.set(key, await md5Of(store.readBody(versionId)));
  for (const { uploadId } of store.uploads()) {
    for (const { partNumber, etag } of store.parts(uploadId)) {
      const md5 = await md5Of(store.readPart(uploadId, partNumber));
      held.set(partKey(uploadId, partNumber), `"${md5}"` === etag ? etag : `${md5} under the ETag ${etag}`);
    }
  }
  return held;
}

/**
 * Opens the store that a power cut at `position` left, and names each thing that contradicts what was acknowledged:
 * lost, torn or resurrected. None: the store kept its promise.
 */
export async function contradictions(
  folder: string,
  { changes, position }: { readonly changes: readonly Change[]; readonly position: number },
): Promise<readonly string[]> {
  let store: Store;
  try {
    store = await openStore({ folder });
  } catch (error) {
    return [`the store can't be opened: ${error instanceof Error ? error.message : error}`];
  }
  try {
    const held = await heldStates(store);
    const found = store.damaged().map(({ bucket, key, reason }) => `damaged: ${bucket}/${key}: ${reason}`);
    const possible = possibleAt(changes, position);
    for (const key of held.keys()) if (!possible.has(key)) found.push(`${key} was never written`);
    for (const [key, states] of possible) {
      const state = held.get(key) ?? null;
      if (!states.has(state))
        found.push(`${isPart(key) ? 'part' : 'object'} ${key}: ${state}, but only ${[...states]}`);
    }
    return found;
  } catch (error) {
    return [`the store can't be read: ${error instanceof Error ? error.message : error}`];
  } finally {
    await store.close();
  }
}

async function md5Of(body: Readable): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
