// P1: a write that fails takes nothing from the object that it would have replaced. LocalStack empties an object's file before
// it has read and checked what comes over it: the head of the old object stays, and no bytes of it.
import { rm } from 'node:fs/promises';
import { CreateMultipartUploadCommand, GetObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/keeper/store/index.ts';
import { fauxqs, localStack } from '../support/emulator.ts';
import { holdable } from '../support/holdable.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';
import { describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';

const Bucket = 'keeper-torn-write';

const ask = async (
  url: string,
  method: string,
  body?: string,
  headers: Record<string, string> = {},
  patienceMs = 20_000,
) => {
  const answer = await fetch(url, { method, body: body ?? null, headers, signal: AbortSignal.timeout(patienceMs) });
  return { status: answer.status, text: await answer.text() };
};

/** Requests on keys of the bucket, at the keeper or behind it. */
const at = (url: () => string) => (method: string, key: string, body?: string, headers?: Record<string, string>) =>
  ask(`${url()}/${Bucket}/${key}`, method, body, headers);

describe('an emulator that lost the bytes of what was to be replaced', () => {
  const front = holdable(fauxqs);
  let world: KeeperWorld;
  const through = at(() => world.keeper.url);
  const behind = at(() => world.emulator.url);
  beforeAll(async () => {
    world = await createKeeperWorld(front.kind);
    await through('PUT', '');
  }, 60_000);
  afterAll(() => world?.stop());

  test('when it refused a PUT as a bad request, the object is put back before anybody is answered', async () => {
    await through('PUT', 'refused', 'kept');
    await behind('PUT', 'refused', '');
    front.refuseNext(/^PUT .*\/refused/, 400);
    expect((await through('PUT', 'refused', 'never')).status).toBe(400);
    expect(await through('GET', 'refused')).toEqual({ status: 200, text: 'kept' });
    expect(await behind('GET', 'refused')).toEqual({ status: 200, text: 'kept' });
  });

  test('when it refused before it could have written, nothing is sent again', async () => {
    await through('PUT', 'denied', 'kept');
    const putsBefore = front.seen.filter((line) => line.startsWith('PUT ')).length;
    front.refuseNext(/^PUT .*\/denied/, 412);
    expect((await through('PUT', 'denied', 'never')).status).toBe(412);
    expect(await through('GET', 'denied')).toEqual({ status: 200, text: 'kept' });
    expect(front.seen.filter((line) => line.startsWith('PUT ')).length).toBe(putsBefore + 1);
  });

  test('when the keeper was killed meanwhile, the next one puts it back, whatever the emulator tells of it', async () => {
    await through('PUT', 'cut-off', 'kept');
    await world.keeper.close();
    const store = await openStore({ folder: `${world.folder}/store` });
    store.beginIntent({ bucket: Bucket, key: 'cut-off', operation: JSON.stringify({ operation: 'put-object' }) });
    await store.close();
    const seenBefore = front.seen.length;
    await world.restartKeeper();
    expect(front.seen.slice(seenBefore)).toContain(`PUT /${Bucket}/cut-off`);
    expect(await through('GET', 'cut-off')).toEqual({ status: 200, text: 'kept' });
  });
});

describe('an emulator that announces bytes and does not send them', () => {
  const front = holdable(fauxqs);
  let world: KeeperWorld;
  const through = at(() => world.keeper.url);
  const behind = at(() => world.emulator.url);
  beforeAll(async () => {
    world = await createKeeperWorld(front.kind, { silentMs: 500 });
    await through('PUT', '');
  }, 60_000);
  afterAll(() => world?.stop());

  test('breaks the connection of its reader, gets the object again, and the next read is whole', async () => {
    await through('PUT', 'starved', 'kept');
    front.starve(/\/starved/);
    await expect(through('GET', 'starved')).rejects.toThrow();
    await waitFor(
      'it to be put back',
      () => front.seen.filter((line) => line.includes('PUT') && line.includes('starved')).length === 2,
    );
    front.release();
    expect(await through('GET', 'starved')).toEqual({ status: 200, text: 'kept' });
  });

  test('is not asked for ever for an object that the keeper does not know', async () => {
    await behind('PUT', 'unknown', 'gone');
    front.starve(/\/unknown/);
    front.refuseNext(/^PUT .*\/unknown/, 400);
    expect((await through('PUT', 'unknown', 'never')).status).toBe(400);
    expect((await ask(`${world.keeper.url}/${Bucket}/unknown`, 'PUT', 'taken', {}, 40_000)).status).toBe(200);
    front.release();
    expect(await through('GET', 'unknown')).toEqual({ status: 200, text: 'taken' });
  });

  test('keeps no other object away when the keeper comes: it is named, the rest is saved', async () => {
    await world.keeper.close();
    await behind('PUT', 'brought-torn', 'gone');
    await behind('PUT', 'brought-whole', 'saved');
    front.starve(/\/brought-torn/);
    await rm(`${world.folder}/store`, { recursive: true });
    await world.restartKeeper();
    front.release();
    const { damaged } = world.keeper.status();
    expect(damaged.map(({ key }) => key)).toEqual(['brought-torn']);
    await world.restartEmulator();
    expect(await through('GET', 'brought-whole')).toEqual({ status: 200, text: 'saved' });
  });
});

describeWith(localStack.requirements, 'a write that LocalStack refuses', () => {
  let world: KeeperWorld;
  const through = at(() => world.keeper.url);
  beforeAll(async () => {
    world = await createKeeperWorld(localStack);
    await through('PUT', '');
  }, 240_000);
  afterAll(() => world?.stop());

  test.each([
    ['checksum', { 'x-amz-sdk-checksum-algorithm': 'CRC32', 'x-amz-checksum-crc32': 'AAAAAA==' }],
    ['MD5', { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }],
  ])('for its %s leaves the object that was there', async (name, headers) => {
    const key = `wrong-${name}`;
    await through('PUT', key, 'kept');
    expect((await through('PUT', key, 'never', headers)).status).toBe(400);
    expect(await through('GET', key)).toEqual({ status: 200, text: 'kept' });
  });

  test('for its condition, as a copy, leaves the object that was there', async () => {
    await through('PUT', 'source', 'longer than what is there');
    await through('PUT', 'copied-over', 'kept');
    const headers = { 'x-amz-copy-source': `/${Bucket}/source`, 'if-none-match': '*' };
    expect((await through('PUT', 'copied-over', undefined, headers)).status).toBe(412);
    expect(await through('GET', 'copied-over')).toEqual({ status: 200, text: 'kept' });
  });

  test('as a setting of a bucket, when the keeper was killed meanwhile, leaves the bucket', async () => {
    const empty = `${Bucket}-empty`;
    expect((await ask(`${world.keeper.url}/${empty}`, 'PUT')).status).toBe(200);
    await world.keeper.close();
    const store = await openStore({ folder: `${world.folder}/store` });
    const operation = JSON.stringify({ operation: 'put-bucket-setting', setting: 'notification' });
    store.beginIntent({ bucket: empty, key: null, operation });
    await store.close();
    await world.restartKeeper();
    expect((await ask(`${world.keeper.url}/${empty}`, 'HEAD')).status).toBe(200);
  });

  test('as a part leaves the part that was there', async () => {
    const Key = 'parts';
    const { UploadId } = await world.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1 };
    const { ETag } = await world.client.send(new UploadPartCommand({ ...part, Body: 'kept' }));
    const wrong = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    expect((await through('PUT', `${Key}?partNumber=1&uploadId=${UploadId}`, 'never', wrong)).status).toBe(400);
    const complete = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`;
    expect((await through('POST', `${Key}?uploadId=${UploadId}`, complete)).status).toBe(200);
    const { Body } = await world.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe('kept');
  });
});
