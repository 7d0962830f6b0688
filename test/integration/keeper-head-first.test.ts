// First reads that ask the emulator by HEAD and take the bytes from the store. They happen only where the keeper saw that a
// HEAD tells what the GET would, and no client can tell their answers from the emulator's.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { fauxqs, localStack } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';

const Bucket = 'keeper-head-first';

for (const kind of [fauxqs, localStack]) {
  describeWith(kind.requirements, `first reads in front of ${kind.name}`, () => {
    const front = holdable(kind);
    let world: KeeperWorld;
    beforeAll(async () => {
      world = await createKeeperWorld(front.kind);
      await world.client.send(new CreateBucketCommand({ Bucket }));
    });
    afterEach(() => front.release());
    afterAll(async () => world?.stop());

    const put = (Key: string, Body: Buffer | string, ContentType = 'image/png') =>
      world.client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType, Metadata: { by: 'test' } }));
    const readsOf = (key: string) => front.seen.filter((line) => /^(GET|HEAD) /.test(line) && line.endsWith(`/${key}`));
    const head = (key: string) => `HEAD /${Bucket}/${key}`;
    const get = (key: string) => `GET /${Bucket}/${key}`;

    async function read(url: string, key: string) {
      const request = http.get(`${url}/${Bucket}/${key}`, { agent: false });
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      const ofThisAnswer = ['date', 'x-amz-request-id', 'connection', 'keep-alive'];
      const headers = answer.rawHeaders.filter((name, i, all) => {
        return !ofThisAnswer.includes((i % 2 === 0 ? name : (all[i - 1] ?? '')).toLowerCase());
      });
      return { status: answer.statusCode, headers, body: Buffer.concat(await answer.toArray()).toString() };
    }
    const readThrough = (key: string) => read(world.keeper.url, key);

    for (const [size, bytes] of [
      ['small', 3_000],
      ['large', 700_000],
    ] as const) {
      test(`the second ${size} object of its kind is read by HEAD, and answered as the emulator would`, async () => {
        const [first, second] = [`${size}-1`, `${size}-2`];
        for (const key of [first, second]) await put(key, randomBytes(bytes));
        await readThrough(first);
        expect(readsOf(first)).toEqual([head(first), get(first)]);
        const answer = await readThrough(second);
        expect(readsOf(second)).toEqual([head(second)]);
        expect(answer).toEqual(await read(world.emulator.url, second));
      });
    }

    test('the SDK is another kind of client, and its x-id is none of the question', async () => {
      for (const key of ['sdk-1', 'sdk-2']) {
        await put(key, key);
        const { Body } = await world.client.send(new GetObjectCommand({ Bucket, Key: key }));
        expect(await Body?.transformToString()).toBe(key);
      }
      const asked = front.seen.filter((line) => line.includes('/sdk-2') && !line.startsWith('PUT'));
      expect(asked).toEqual([head('sdk-2')]);
    });

    test('a name for downloads that is not ASCII arrives as the emulator tells it', async () => {
      for (const [key, name] of [
        ['named-1', 'cheese.png'],
        ['named-2', 'Käse.png'],
        ['named-3', 'cake.png'],
      ] as const) {
        const headers = { 'content-disposition': Buffer.from(`inline; filename="${name}"`).toString('latin1') };
        await fetch(`${world.keeper.url}/${Bucket}/${key}`, { method: 'PUT', body: name, headers });
        const bare = await read(world.emulator.url, key);
        for (let i = 0; i < 2; i++) {
          const answer = await readThrough(key);
          expect([answer.status, answer.body]).toEqual([200, name]);
          expect(answer.headers.toSorted()).toEqual(bare.headers.toSorted());
        }
      }
      expect(readsOf('named-3')).toEqual([get('named-3'), head('named-3')]);
    });

    test('an object that is replaced between the HEAD and its answer is read whole', async () => {
      for (const key of ['raced-1', 'raced-2']) await put(key, 'before', 'image/webp');
      await readThrough('raced-1');
      front.hold(/^HEAD /);
      const reading = readThrough('raced-2');
      await waitFor('the HEAD to be held', () => front.heldCount === 1);
      await put('raced-2', 'after!', 'image/webp');
      front.release();
      const { body, headers } = await reading;
      expect(body).toBe('after!');
      expect(headers).toEqual((await read(world.emulator.url, 'raced-2')).headers);
    });

    test('in a new session it has to be seen again', async () => {
      for (const key of ['new-1', 'new-2']) await put(key, key, 'image/avif');
      for (const key of ['new-1', 'new-2']) await readThrough(key);
      expect(readsOf('new-2')).toEqual([head('new-2')]);
      await world.restartEmulator();
      const before = front.seen.length;
      await readThrough('new-1');
      expect(front.seen.slice(before)).toContain(get('new-1'));
    });

    if (kind.isWhole) {
      test('an object that the emulator does not give is not given, though a HEAD tells of it', async () => {
        const store = (Key: string, StorageClass: 'STANDARD_IA' | 'GLACIER') =>
          world.client.send(new PutObjectCommand({ Bucket, Key, Body: Key, StorageClass }));
        await store('warm', 'STANDARD_IA');
        await readThrough('warm');
        await store('cold', 'GLACIER');
        for (const expected of [403, 403]) expect((await readThrough('cold')).status).toBe(expected);
      });

      test('an object with tags is of another kind than one without', async () => {
        for (const key of ['plain-1', 'tagged-1', 'tagged-2']) await put(key, key, 'image/tiff');
        for (const Key of ['tagged-1', 'tagged-2'])
          await world.client.send(
            new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
          );
        for (const key of ['plain-1', 'tagged-1', 'tagged-2'])
          expect(await readThrough(key)).toEqual(await read(world.emulator.url, key));
      });
    }
  });
}

test('where a HEAD tells more than a GET, reads stay GETs', async () => {
  const front = holdable(fauxqs);
  front.tellMore(/^HEAD /);
  const world = await createKeeperWorld(front.kind);
  onTestFinished(() => world.stop());
  await world.client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of ['first', 'second']) {
    await world.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const answer = await fetch(`${world.keeper.url}/${Bucket}/${Key}`);
    expect([await answer.text(), answer.headers.get('x-amz-storage-class')]).toEqual([Key, null]);
  }
  const reads = front.seen.filter((line) => line.includes(`/${Bucket}/`) && !line.startsWith('PUT'));
  expect(reads).toEqual([`HEAD /${Bucket}/first`, `GET /${Bucket}/first`, `GET /${Bucket}/second`]);
});
