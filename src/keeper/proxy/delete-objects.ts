// DeleteObject and DeleteObjects. A key that the answer doesn't name as failed is gone.
import type { KeeperParts } from '../parts.ts';
import { decodeBody, readBody } from '../s3/bodies.ts';
import type { Call } from '../s3/call.ts';
import { malformedXml, notKept, sendS3Error } from '../s3/errors.ts';
import { pathOf } from '../s3/target.ts';
import { blocksOf, isPlainXml, textOf } from '../s3/xml.ts';
import { bucketLock, keyLock } from '../turn/locks.ts';
import { mutate, pass } from '../turn/mutation.ts';
import type { Turn } from '../turn/turn.ts';
import { keyScope } from './put-object.ts';

export function deleteObject(keeper: KeeperParts, call: Call): Promise<void> {
  const { bucket, key } = call.target;
  return mutate(keeper, call, keyScope('delete-object', call.target), async (turn) => {
    const answer = await pass(keeper, call, turn);
    const keys = call.target.query?.has('versionId') ? await goneOf(keeper, turn, bucket, [key]) : [key];
    if (answer.status < 300) await commitDeletion(keeper, bucket, keys);
    return answer;
  });
}

export async function deleteObjects(keeper: KeeperParts, call: Call): Promise<void> {
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
  await mutate(keeper, call, scope, async (turn) => {
    const answer = await pass(keeper, call, turn, { body });
    if (answer.status !== 200) return answer;
    const failed = new Set(blocksOf(answer.body.toString(), 'Error').map((error) => textOf(error, 'Key')));
    const deleted = scope.affected.keys.filter((key) => !failed.has(key));
    await commitDeletion(keeper, bucket, versions.length > 0 ? await goneOf(keeper, turn, bucket, deleted) : deleted);
    return answer;
  });
}

// Some emulators know no version null: they answer 204 to its deletion, and delete nothing.
async function goneOf(keeper: KeeperParts, turn: Turn, bucket: string, keys: readonly string[]): Promise<string[]> {
  const client = keeper.clientFor(turn.epoch);
  const gone: string[] = [];
  for (const key of keys) if ((await client.call('HEAD', pathOf(bucket, key))).status === 404) gone.push(key);
  return gone;
}

async function commitDeletion({ store }: KeeperParts, bucket: string, keys: readonly string[]): Promise<void> {
  const present = keys.filter((key) => (store.object(bucket, key) ?? store.damageOf(bucket, key)) !== undefined);
  if (present.length > 0) await store.commit({ kind: 'delete-objects', bucket, keys: present });
}
