// S3 by the hand of somebody who knows nothing of the rows: asked from within its pod.
import { local } from '../../charts/environments.ts';
import { imagePrefix } from '../../src/shared/image.ts';
import { ports } from '../../src/shared/names.ts';
import { execIn } from './kubectl.ts';

const bucketUrl = `http://127.0.0.1:${ports.s3}/${local.bucket}`;

/** Up to `count` keys of images. */
export async function someImages(count: number): Promise<readonly string[]> {
  const listing = await curl(`${bucketUrl}?list-type=2&prefix=${imagePrefix}&max-keys=${count}`);
  return [...listing.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1] ?? '');
}

/** Deletes objects whose rows stay: a bug, an accident, a script. */
export async function removeObjects(keys: readonly string[]): Promise<void> {
  await curl('-X', 'DELETE', ...keys.map((key) => `${bucketUrl}/${key}`));
}

function curl(...args: readonly string[]): Promise<string> {
  return execIn('localstack-0', 'localstack', 'curl', '-fsS', ...args);
}
