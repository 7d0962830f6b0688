// Clients of a keeper whose disk is recorded. They put, overwrite, copy, delete and upload in parts, one by one and many at
// once, and write the same hot keys against each other. They note each acknowledgement with the journal's position then.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { bytesOf } from '../../src/keeper/store/store-bytes.ts';
import { type Random, randomOf } from '../model/random.ts';
import { md5 } from '../support/keeper.ts';
import type { History } from './history.ts';

export const Bucket = 'power-cuts';

export interface LoadOptions {
  readonly client: S3Client;
  readonly history: History;
  readonly seed: number;
  readonly clients: number;
  readonly turns: number;
}

/** Resolves when all clients have had their turns. Keys of the history are objects (state: MD5) and parts of uploads. */
export async function runLoad({ client, history, seed, clients, turns }: LoadOptions): Promise<void> {
  const one = async (name: number): Promise<void> => {
    const random = randomOf(seed, 'load', name);
    for (let turn = 0; turn < turns; turn++) await takeTurn({ client, history, random, name, turn });
  };
  await Promise.all(Array.from({ length: clients }, (_, name) => one(name)));
}

interface Turn {
  readonly client: S3Client;
  readonly history: History;
  readonly random: Random;
  readonly name: number;
  readonly turn: number;
}

async function takeTurn(it: Turn): Promise<void> {
  const { random, name, turn } = it;
  // One part is 5 MiB at least, by S3's rules: a few such uploads are enough.
  if (name === 0 && turn % 40 === 20) return uploadInParts(it);
  const key = random.oneIn(4) ? `hot/${random.integer(0, 2)}` : `own/${name}/${random.integer(0, 5)}`;
  const kind = random.integer(0, 9);
  if (kind < 6) return put(it, key);
  if (kind === 6) return removeMany(it, [key, `own/${name}/0`, `own/${name}/1`]);
  if (kind === 7) return copy(it, `own/${name}/copy`);
  return remove(it, key);
}

async function put({ client, history, random, name, turn }: Turn, Key: string): Promise<void> {
  const sizeBytes = random.oneIn(5) ? random.integer(70_000, 300_000) : random.integer(0, 8_000);
  const Body = bytesOf(sizeBytes, name * 100_003 + turn);
  const acknowledged = history.begin(Key, md5(Body));
  await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  acknowledged();
}

async function remove({ client, history }: Turn, Key: string): Promise<void> {
  const acknowledged = history.begin(Key, null);
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  acknowledged();
}

async function removeMany({ client, history }: Turn, keys: readonly string[]): Promise<void> {
  const acknowledged = [...new Set(keys)].map((key) => history.begin(key, null));
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  for (const one of acknowledged) one();
}

// Of an object that nobody else touches, so that what is copied is known.
async function copy(it: Turn, Key: string): Promise<void> {
  const { client, history, name, turn } = it;
  const source = `own/${name}/source`;
  const Body = bytesOf(turn % 2 === 0 ? 100_000 : 100, name * 7_000_003 + turn);
  const acknowledgedSource = history.begin(source, md5(Body));
  await client.send(new PutObjectCommand({ Bucket, Key: source, Body }));
  acknowledgedSource();
  const acknowledged = history.begin(Key, md5(Body));
  await client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${source}` }));
  acknowledged();
}

async function uploadInParts({ client, history, turn }: Turn): Promise<void> {
  const Key = `parts/${turn}`;
  const bodies = [bytesOf(5 * 1024 * 1024, turn), bytesOf(90_000, turn + 1), bytesOf(9_000, turn + 2)];
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const parts = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const acknowledged = history.begin(partKey(UploadId ?? '', PartNumber), `"${md5(Body)}"`);
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    acknowledged();
    parts.push({ PartNumber, ETag });
  }
  const used = turn % 80 === 20 ? bodies.slice(0, 2) : [];
  const ended = [
    ...bodies.map((_, index) => history.begin(partKey(UploadId ?? '', index + 1), null)),
    ...(used.length > 0 ? [history.begin(Key, md5(Buffer.concat(used)))] : []),
  ];
  if (used.length === 0) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  else {
    const MultipartUpload = { Parts: parts.slice(0, 2) };
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  }
  for (const one of ended) one();
}

const partMark = ' part ';

/** The key of a part in the history. */
export const partKey = (uploadId: string, partNumber: number): string => `${uploadId}${partMark}${partNumber}`;

/** Whether the key of a history is a part, not an object. */
export const isPart = (key: string): boolean => key.includes(partMark);
