// P1, P3: every change that the keeper acknowledged is there after a restart of the emulator, of the keeper, of both.
// Objects are the same byte for byte, with the same ETag, metadata and tags; deleted objects stay deleted.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  DeletePublicAccessBlockCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs, localStack } from '../support/emulator.ts';
import { createKeeperWorld, type KeeperWorld, md5 } from '../support/keeper.ts';
import { describeWith } from '../support/requirements.ts';

const Bucket = 'keeper-restart';
const partBytes = 5 * 1024 * 1024;

/**
 * The requests before the emulator is killed, and the state that must hold afterwards. One restart serves all stories.
 */
interface Story {
  readonly name: string;
  /** Only where the emulator knows all of S3. */
  readonly needsWhole?: boolean;
  /** Resolves with what to check after the restart. */
  tell(world: KeeperWorld): Promise<() => Promise<void>>;
}

for (const kind of [fauxqs, localStack]) {
  describeWith(kind.requirements, `after a restart of ${kind.name} behind the keeper`, () => {
    const told = stories.filter(({ needsWhole }) => kind.isWhole || !needsWhole);
    const checks = new Map<string, () => Promise<void>>();
    let world: KeeperWorld;
    beforeAll(async () => {
      world = await createKeeperWorld(kind);
      await world.client.send(new CreateBucketCommand({ Bucket }));
      for (const story of told) checks.set(story.name, await story.tell(world));
      await world.restartEmulator();
    }, 240_000);
    afterAll(() => world?.stop());
    test.each(told.map(({ name }) => name))('%s', async (name) => {
      const check = checks.get(name);
      if (check === undefined) throw new Error(`the story '${name}' was not told`);
      await check();
    });
  });
}

const put = ({ client }: KeeperWorld, Key: string, Body: Uint8Array | string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));

async function get({ client }: KeeperWorld, Key: string) {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  return { bytes: Buffer.from((await answer.Body?.transformToByteArray()) ?? []), answer };
}

const text = async (world: KeeperWorld, key: string) => (await get(world, key)).bytes.toString();

const statusOf = (world: KeeperWorld, key: string) =>
  get(world, key).then(
    () => 200,
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode,
  );

async function uploadInParts({ client }: KeeperWorld, Key: string, parts: readonly Uint8Array[]) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const done = [];
  for (const [i, Body] of parts.entries()) {
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: i + 1, Body }));
    done.push({ PartNumber: i + 1, ETag });
  }
  const MultipartUpload = { Parts: done };
  const { ETag } = await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  return ETag;
}

/** The query of a presigned URL but for its signature: LocalStack looks at the rest. */
function presignedQuery(): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const credential = `test/${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  return `X-Amz-Algorithm=AWS4-HMAC-SHA256&${new URLSearchParams({
    'X-Amz-Credential': credential,
    'X-Amz-Date': time,
    'X-Amz-Expires': '600',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': '0',
  })}`;
}

async function tagsOf({ client }: KeeperWorld, Key: string) {
  const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }));
  return TagSet?.map(({ Value }) => Value);
}

const stories: readonly Story[] = [
  {
    name: 'an object is there byte for byte, with its ETag, type and metadata',
    async tell(world) {
      const bytes = randomBytes(300_000);
      const described = { ContentType: 'image/png', CacheControl: 'max-age=60', Metadata: { title: 'a cat' } };
      const { ETag } = await world.client.send(
        new PutObjectCommand({ Bucket, Key: 'cat.png', Body: bytes, ...described }),
      );
      return async () => {
        const { bytes: found, answer } = await get(world, 'cat.png');
        expect(md5(found)).toBe(md5(bytes));
        expect(answer).toMatchObject({ ETag, ...described });
      };
    },
  },
  {
    name: 'keys of all shapes are there under their own names',
    async tell(world) {
      const shapes = [
        'a/../b',
        'x//y',
        'dir/',
        'ünï/日本.png',
        'p%2fq',
        'sp ace+plus',
        '.',
        '..',
        'a?b#c&d=e',
        "q'()*!~",
      ];
      const keys = [...shapes, 'k'.repeat(1024)];
      for (const key of keys) await put(world, key, `body of ${key}`);
      return async () => {
        for (const key of keys) expect(await text(world, key)).toBe(`body of ${key}`);
      };
    },
  },
  {
    name: 'what was deleted stays deleted, one by one and many at once',
    async tell(world) {
      const keys = ['gone-1', 'gone-2', 'gone-3', 'stays'];
      for (const key of keys) await put(world, key, key);
      await world.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone-1' }));
      const Objects = [{ Key: 'gone-2' }, { Key: 'gone-3' }, { Key: 'never' }];
      await world.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      return async () => {
        expect(await Promise.all(keys.map((key) => statusOf(world, key)))).toEqual([404, 404, 404, 200]);
      };
    },
  },
  {
    name: 'a copy is there, also when its source is gone',
    async tell(world) {
      await put(world, 'source', 'copied bytes');
      await world.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source` }));
      await world.client.send(new DeleteObjectCommand({ Bucket, Key: 'source' }));
      return async () => {
        expect(await text(world, 'copy')).toBe('copied bytes');
        expect(await statusOf(world, 'source')).toBe(404);
      };
    },
  },
  {
    name: 'an object uploaded in parts has its ETag and checksum',
    async tell(world) {
      const parts = [randomBytes(partBytes + 1), randomBytes(1000)];
      const ETag = await uploadInParts(world, 'film', parts);
      const { answer: before } = await get(world, 'film');
      return async () => {
        const { bytes, answer } = await get(world, 'film');
        expect(ETag).toMatch(/-2"$/);
        expect([answer.ETag, answer.ChecksumCRC64NVME]).toEqual([ETag, before.ChecksumCRC64NVME]);
        expect(md5(bytes)).toBe(md5(Buffer.concat(parts)));
      };
    },
  },
  {
    name: 'an upload in progress goes on under the id that its client knows',
    async tell(world) {
      const parts = [randomBytes(partBytes), randomBytes(partBytes), randomBytes(10)];
      const Key = 'long';
      const created = await world.client.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'video/mp4' }),
      );
      const { UploadId } = created;
      const upload = (PartNumber: number) =>
        world.client.send(
          new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: parts[PartNumber - 1] ?? '' }),
        );
      const done = [await upload(1), await upload(2)];
      return async () => {
        done.push(await upload(3));
        const MultipartUpload = { Parts: done.map(({ ETag }, i) => ({ PartNumber: i + 1, ETag })) };
        await world.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
        const { bytes, answer } = await get(world, Key);
        expect(md5(bytes)).toBe(md5(Buffer.concat(parts)));
        expect(answer.ContentType).toBe('video/mp4');
      };
    },
  },
  {
    name: 'uploads and parts are listed under the ids that clients know',
    needsWhole: true,
    async tell(world) {
      const { UploadId } = await world.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'listed' }));
      await world.client.send(new UploadPartCommand({ Bucket, Key: 'listed', UploadId, PartNumber: 7, Body: 'x' }));
      return async () => {
        const listed = await world.client.send(new ListPartsCommand({ Bucket, Key: 'listed', UploadId }));
        expect(listed).toMatchObject({ UploadId, Parts: [{ PartNumber: 7 }] });
        const { Uploads } = await world.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'listed' }));
        expect(Uploads?.map((one) => one.UploadId)).toEqual([UploadId]);
      };
    },
  },
  {
    name: 'a list of uploads goes on after one that was put back',
    needsWhole: true,
    async tell(world) {
      const begin = (Key: string) => world.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const [first, second] = [await begin('paged/a'), await begin('paged/a')];
      const { UploadId } = await begin('paged/b');
      const list = async (UploadIdMarker: string | undefined) => {
        const after = { KeyMarker: 'paged/a', UploadIdMarker };
        const { Uploads } = await world.client.send(
          new ListMultipartUploadsCommand({ Bucket, ...after, Prefix: 'paged' }),
        );
        return Uploads?.map((one) => one.UploadId);
      };
      return async () => {
        const lists = await Promise.all([list(first.UploadId), list(second.UploadId)]);
        const bySize = lists.toSorted((left = [], right = []) => left.length - right.length);
        expect(bySize[0]).toEqual([UploadId]); // the one that comes last of its key
        expect(bySize[1]).toHaveLength(2);
      };
    },
  },
  {
    name: 'an aborted upload is over',
    async tell(world) {
      const { UploadId } = await world.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'never' }));
      await world.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'never', UploadId }));
      return async () => {
        const part = new UploadPartCommand({ Bucket, Key: 'never', UploadId, PartNumber: 1, Body: 'late' });
        await expect(world.client.send(part)).rejects.toMatchObject({ name: 'NoSuchUpload' });
      };
    },
  },
  {
    name: 'of many writers of one key the same has won as before',
    async tell(world) {
      await Promise.all(Array.from({ length: 40 }, (_, i) => put(world, 'hot', `writer ${i % 8}, turn ${i}`)));
      const before = await text(world, 'hot');
      return async () => expect(await text(world, 'hot')).toBe(before);
    },
  },
  {
    name: 'a deleted bucket stays deleted, an empty one is there, and a sentinel is never seen',
    async tell(world) {
      for (const name of ['keeper-gone', 'keeper-empty'])
        await world.client.send(new CreateBucketCommand({ Bucket: name }));
      await world.client.send(new DeleteBucketCommand({ Bucket: 'keeper-gone' }));
      return async () => {
        const { Buckets } = await world.client.send(new ListBucketsCommand({}));
        expect(Buckets?.map(({ Name }) => Name).sort()).toEqual(['keeper-empty', Bucket]);
      };
    },
  },
  {
    name: 'tags are there: those of the PUT, those set later, those of a copy, and none where they were deleted',
    needsWhole: true,
    async tell(world) {
      const TagSet = [{ Key: 'a', Value: 'later' }];
      for (const Key of ['tag-1', 'tag-2', 'tag-4'])
        await world.client.send(new PutObjectCommand({ Bucket, Key, Body: Key, Tagging: 'a=put' }));
      await world.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tag-2', Tagging: { TagSet } }));
      await world.client.send(new CopyObjectCommand({ Bucket, Key: 'tag-3', CopySource: `${Bucket}/tag-2` }));
      await world.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tag-4' }));
      return async () => {
        const tags = await Promise.all(['tag-1', 'tag-2', 'tag-3', 'tag-4'].map((key) => tagsOf(world, key)));
        expect(tags).toEqual([['put'], ['later'], ['later'], []]);
      };
    },
  },
  {
    name: 'settings of a bucket are there, and a default that was deleted is not',
    needsWhole: true,
    async tell(world) {
      const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }];
      await world.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
      await world.client.send(new DeletePublicAccessBlockCommand({ Bucket }));
      return async () => {
        expect((await world.client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
        await expect(world.client.send(new GetPublicAccessBlockCommand({ Bucket }))).rejects.toMatchObject({
          name: 'NoSuchPublicAccessBlockConfiguration',
        });
      };
    },
  },
  {
    name: 'a checksum asked for at the PUT is there',
    needsWhole: true,
    async tell(world) {
      const object = { Bucket, Key: 'sum', Body: 'sum', ChecksumAlgorithm: 'SHA256' } as const;
      const { ChecksumSHA256 } = await world.client.send(new PutObjectCommand(object));
      return async () => {
        expect(ChecksumSHA256).toMatch(/=$/);
        expect((await get(world, 'sum')).answer.ChecksumSHA256).toBe(ChecksumSHA256);
      };
    },
  },
  {
    name: 'a part copied from another object is there',
    needsWhole: true,
    async tell(world) {
      const bytes = randomBytes(partBytes + 5);
      const Key = 'joined';
      await put(world, 'big', bytes);
      const { UploadId } = await world.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const source = { CopySource: `${Bucket}/big`, CopySourceRange: `bytes=5-${partBytes + 4}` };
      const { CopyPartResult } = await world.client.send(
        new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 1, ...source }),
      );
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] };
      await world.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
      return async () => expect(md5((await get(world, Key)).bytes)).toBe(md5(bytes.subarray(5)));
    },
  },
  {
    name: 'what an HTML form or a presigned URL brought is there',
    needsWhole: true,
    async tell(world) {
      const form = new FormData();
      form.set('key', 'from/$' + '{filename}');
      form.set('Content-Type', 'text/plain');
      form.set('file', new Blob(['form bytes']), 'form.txt');
      const posted = await fetch(`${world.keeper.url}/${Bucket}`, { method: 'POST', body: form });
      const query = `${presignedQuery()}&x-amz-meta-hoisted=yes`;
      const signed = await fetch(`${world.keeper.url}/${Bucket}/presigned?${query}`, {
        method: 'PUT',
        body: 'signed bytes',
      });
      const before = (await get(world, 'presigned')).answer.Metadata;
      return async () => {
        expect([posted.status, signed.status]).toEqual([204, 200]);
        expect(await text(world, 'from/form.txt')).toBe('form bytes');
        const { bytes, answer } = await get(world, 'presigned');
        expect(bytes.toString()).toBe('signed bytes');
        expect([before, answer.Metadata]).toEqual([{ hoisted: 'yes' }, { hoisted: 'yes' }]);
      };
    },
  },
  {
    name: 'a body sent in signed chunks or with a checksum after it is there as it was meant',
    async tell(world) {
      const bytes = randomBytes(200_000);
      // A stream of unknown checksum: the SDK sends aws-chunked with a trailer.
      await world.client.send(
        new PutObjectCommand({ Bucket, Key: 'streamed', Body: Readable.from([bytes]), ContentLength: bytes.length }),
      );
      return async () => expect(md5((await get(world, 'streamed')).bytes)).toBe(md5(bytes));
    },
  },
];
