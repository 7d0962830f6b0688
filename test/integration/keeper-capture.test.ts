// Objects that LocalStack held before the keeper came, or made from a request of a killed keeper, are saved. So the next
// LocalStack gets them with the same ETag (P2, P3).
import { rm } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localStack } from '../support/emulator.ts';
import { clientFor, createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { describeWith } from '../support/requirements.ts';

const Bucket = 'keeper-capture';

const kinds: readonly (readonly [string, Partial<CreateMultipartUploadCommandInput>])[] = [
  ['that names no checksum', {}],
  ['with a CRC-32 of the whole', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }],
  ['with a SHA-256 of each part', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' }],
];

describeWith(localStack.requirements, 'an upload that LocalStack completed without the keeper', () => {
  let world: KeeperWorld;
  const before = new Map<string, Awaited<ReturnType<typeof head>>>();

  beforeAll(async () => {
    world = await createKeeperWorld(localStack);
    await world.keeper.close();
    const behind = clientFor(world.emulator.url);
    await behind.send(new CreateBucketCommand({ Bucket }));
    for (const [name, options] of kinds) {
      await upload(behind, name, options);
      before.set(name, await head(behind, name));
    }
    behind.destroy();
    await rm(`${world.folder}/store`, { recursive: true });
    await world.restartKeeper();
    await world.restartEmulator();
  }, 240_000);
  afterAll(() => world?.stop());

  test.each(kinds.map(([name]) => name))('%s keeps its ETag', async (name) => {
    expect(before.get(name)?.ETag).toMatch(/-2"$/);
    expect(await head(world.client, name)).toMatchObject({ ETag: before.get(name)?.ETag });
  });

  test.each(['that names no checksum', 'with a SHA-256 of each part'])('%s keeps its checksums', async (name) => {
    expect(await head(world.client, name)).toEqual(before.get(name));
  });

  test('no upload is left behind by it', async () => {
    expect((await world.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });
});

async function upload(client: S3Client, Key: string, options: Partial<CreateMultipartUploadCommandInput>) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }));
  const Parts = [];
  for (const [index, Body] of [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('end')].entries()) {
    const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body };
    const { $metadata, ...sent } = await client.send(
      new UploadPartCommand({
        ...part,
        ...(options.ChecksumAlgorithm && { ChecksumAlgorithm: options.ChecksumAlgorithm }),
      }),
    );
    // Checksums are named only of an upload that was begun with them.
    Parts.push({ ...(options.ChecksumAlgorithm ? sent : { ETag: sent.ETag }), PartNumber: index + 1 });
  }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

async function head(client: S3Client, Key: string) {
  const { ETag, ContentLength, ChecksumCRC32, ChecksumCRC64NVME, ChecksumSHA256, ChecksumType } = await client.send(
    new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }),
  );
  return { ETag, ContentLength, ChecksumCRC32, ChecksumCRC64NVME, ChecksumSHA256, ChecksumType };
}
