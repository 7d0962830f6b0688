// DeleteObject and DeleteObjects. A key that the answer doesn't name as failed is gone.

import { decodeBody, readBody } from '../s3/bodies.ts';
import type { Call } from '../s3/call.ts';
import { malformedXml, notKept, sendS3Error } from '../s3/errors.ts';
import { pathOf } from '../s3/target.ts';
import { blocksOf, isPlainXml, textOf } from '../s3/xml.ts';
import type { Store } from '../store/contract.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { keyScope } from '../turn/scope.ts';
import type { Turn } from '../turn/turn.ts';
import type { ChangeParts } from '../turn/turns.ts';

export function deleteObject(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket, key } = call.target;
  return parts.turns.run(call, keyScope('delete-object', call.target), async (turn) => {
    const answer = await turn.pass(call.req);
    const keys = call.target.query?.has('versionId') ? await goneOf(turn, bucket, [key]) : [key];
    if (answer.status < 300) await commitDeletion(parts.store, bucket, keys);
    return answer;
  });
}

export async function deleteObjects(parts: ChangeParts, call: Call): Promise<void> {
  const { bucket, path } = call.target;
  const body = await readBody(call.req);
  const xml = decodeBody(call.req.headers, body).toString();
  const objects = blocksOf(xml, 'Object');
  const keys = objects.flatMap((object) => textOf(object, 'Key') ?? []);
  if (
    !isPlainXml(xml) ||
    keys.length === 0 ||
    keys.length < objects.length ||
    !keys.every((key) => key.isWellFormed())
  ) {
    sendS3Error(call.res, malformedXml, path);
    return;
  }
  const versions = objects.flatMap((object) => textOf(object, 'VersionId') ?? []);
  if (versions.some((version) => version !== 'null')) {
    const refusal = notKept('the keeper keeps one current version of a key', 'Delete keys without a VersionId.');
    sendS3Error(call.res, refusal, path);
    return;
  }
  const scope = {
    operation: 'delete-objects',
    affected: { bucket, keys: [...new Set(keys)] },
    locks: [bucketLock(bucket, true), ...keys.map((key) => keyLock(bucket, key))],
  };
  await parts.turns.run(call, scope, async (turn) => {
    const answer = await turn.pass(call.req, { body });
    if (answer.status !== 200) return answer;
    const failed = new Set(blocksOf(answer.body.toString(), 'Error').map((error) => textOf(error, 'Key')));
    const deleted = scope.affected.keys.filter((key) => !failed.has(key));
    await commitDeletion(parts.store, bucket, versions.length > 0 ? await goneOf(turn, bucket, deleted) : deleted);
    return answer;
  });
}

// Some emulators know no version null: they answer 204 to its deletion, and delete nothing.
async function goneOf({ client }: Turn, bucket: string, keys: readonly string[]): Promise<string[]> {
  const gone: string[] = [];
  for (const key of keys) if ((await client.call('HEAD', pathOf(bucket, key))).status === 404) gone.push(key);
  return gone;
}

async function commitDeletion(store: Store, bucket: string, keys: readonly string[]): Promise<void> {
  const present = keys.filter((key) => (store.object(bucket, key) ?? store.damageOf(bucket, key)) !== undefined);
  if (present.length > 0) await store.commit({ kind: 'delete-objects', bucket, keys: present });
}
