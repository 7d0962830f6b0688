// Compares, while nothing else is under way, what the API serves with what it acknowledged.
import type { ImageJson } from '../../src/shared/image.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { listObjects } from '../../src/shared/s3/listing.ts';
import { readS3Config } from '../../src/shared/s3/settings.ts';
import type { ImageLedger, Violation } from '../model/image-ledger.ts';
import { waitFor } from '../support/wait-for.ts';
import type { ImageApi } from './image-api.ts';

const readers = 8;

/** Lists all images and reads each one whole; an acknowledged one must be there, a deleted one must not. */
export async function compareImages(api: ImageApi, ledger: ImageLedger): Promise<Violation[]> {
  const violations: Violation[] = [];
  const listed = new Set<string>();
  const images = api.list();
  const reader = async (): Promise<void> => {
    for await (const image of images) {
      listed.add(image.title);
      violations.push(...ledger.seen(image), ...(await compareBytes(api, image)));
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  for (const { title } of ledger.entries()) if (!listed.has(title)) violations.push(...ledger.unseen(title));
  return violations;
}

// `seen` has compared the listed SHA-256 with the one that was sent; here the bytes are compared with the listed one.
async function compareBytes(api: ImageApi, image: ImageJson): Promise<Violation[]> {
  const served = await waitFor(`${image.key} to be served`, async () => {
    const outcome = await api.serve(image.image_url);
    return outcome.kind === 'answered' && outcome.status !== 503 ? outcome : undefined;
  });
  if (served.status !== 200)
    return [{ kind: 'lost', what: `${image.title} (${image.key}) is listed, but answers ${served.status}` }];
  if (served.value.sha256 !== image.sha256 || served.value.sizeBytes !== image.size_bytes)
    return [{ kind: 'torn', what: `${image.title} (${image.key}): ${served.value.sizeBytes} other bytes are served` }];
  if (served.value.contentType !== image.content_type)
    return [{ kind: 'torn', what: `${image.title} (${image.key}) is served as ${served.value.contentType}` }];
  return [];
}

/** The objects of deleted images go after their rows, by the outbox (a worker's claim outlives it for a minute); what stays is resurrected. */
export async function compareDeletedObjects(s3Url: string, ledger: ImageLedger): Promise<Violation[]> {
  const config = readS3Config({ AWS_S3_ENDPOINT_URL: s3Url });
  const client = createS3Client(config);
  const deleted = new Set(
    [...ledger.entries()].filter(({ fate }) => fate === 'deleted').map(({ image }) => image?.key),
  );
  const leftOver = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of listObjects({ client, name: config.bucket }, { prefix: 'images/' }))
      if (deleted.has(key)) keys.push(key);
    return keys;
  };
  try {
    await waitFor('the objects of deleted images to go', async () => (await leftOver()).length === 0, {
      timeoutMs: 180_000,
      everyMs: 1_000,
    });
    return [];
  } catch {
    const keys = await leftOver();
    return keys.map((key) => ({ kind: 'resurrected', what: `${key} was deleted and its object is still there` }));
  } finally {
    client.destroy();
  }
}
