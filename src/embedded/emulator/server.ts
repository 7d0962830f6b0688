// A small S3 for one machine: any key, any size in flat memory, S3's order, checksums verified, sub-resources kept.
// It forgets everything when it ends, as LocalStack does: what must last is the keeper's, which stands in front of it.
// Not here: signatures (nobody but the keeper and a curious developer reaches it), versions, events, other services.
import { randomUUID } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { parseTarget } from '../../keeper/s3/target.ts';
import { faults, S3Fault, sendFault } from './answers.ts';
import { type BodyFiles, createBodyFiles } from './body-files.ts';
import * as buckets from './bucket-requests.ts';
import * as objects from './object-requests.ts';
import type { BucketRequest, EmulatorRequest, ObjectRequest } from './request.ts';
import { EmulatorState } from './state.ts';
import * as uploads from './upload-requests.ts';

export interface RunningEmulator {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves on a loopback port (0: a free one). `folder`: scratch, for it alone, emptied by whoever owns it. */
export async function startEmulatorServer(folder: string, port = 0): Promise<RunningEmulator> {
  const state = new EmulatorState();
  const files = createBodyFiles(folder);
  const server = http.createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (req, res) => {
    answer({ req, res, state, files }).catch((error: unknown) => fail(req, res, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function fail(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  if (res.destroyed) return; // the client went away: nobody to answer
  const fault = error instanceof S3Fault ? error : new S3Fault(500, 'InternalError', String(error));
  req.resume();
  sendFault(res, fault, req.url ?? '/');
}

interface Incoming {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly state: EmulatorState;
  readonly files: BodyFiles;
}

async function answer({ req, res, state, files }: Incoming): Promise<void> {
  res.setHeader('server', 'keepsake-embedded-s3');
  res.setHeader('x-amz-request-id', randomUUID());
  const target = parseTarget(req.url ?? '/', req.headers.host ?? '', 'before-s3');
  if (!target) throw new S3Fault(400, 'InvalidURI', "Couldn't parse the specified URI.");
  const request: EmulatorRequest = { req, res, state, files, query: target.query ?? new Map() };
  if (target.bucket === '') return listAll(request);
  if (target.key === '') return answerBucket(request, target.bucket);
  if (Buffer.byteLength(target.key) > 1024) throw new S3Fault(400, 'KeyTooLongError', 'Your key is too long');
  return answerObject({ ...request, bucket: state.require(target.bucket), key: target.key });
}

function listAll(request: EmulatorRequest): Promise<void> {
  if (request.req.method === 'GET') return buckets.listBuckets(request);
  throw faults.notImplemented(`${request.req.method} on no bucket`);
}

function answerBucket(request: EmulatorRequest, name: string): Promise<void> {
  const { req, query, state } = request;
  const document = buckets.bucketDocuments.find((one) => query.has(one));
  if (req.method === 'PUT' && document === undefined) return buckets.createBucket(request, name);
  const known: BucketRequest = { ...request, bucket: state.require(name) };
  if (document !== undefined) return buckets.bucketDocument(known, document);
  switch (req.method) {
    case 'HEAD':
      return buckets.headBucket(known);
    case 'DELETE':
      return buckets.deleteBucket(known);
    case 'POST':
      if (query.has('delete')) return buckets.deleteObjects(known);
      break;
    case 'GET':
      if (query.has('location')) return buckets.bucketLocation(known);
      if (query.has('uploads')) return uploads.listUploads(known);
      if (query.has('versions') || query.has('object-lock') || query.has('replication')) break;
      return query.get('list-type') === '2' ? buckets.listObjectsV2(known) : buckets.listObjectsV1(known);
  }
  throw unknown(request);
}

function answerObject(request: ObjectRequest): Promise<void> {
  const { req, query } = request;
  const document = ['tagging', 'acl'].find((one) => query.has(one));
  if (document !== undefined) return objects.objectDocument(request, document);
  const isCopy = req.headers['x-amz-copy-source'] !== undefined;
  const isUpload = query.has('uploadId');
  switch (req.method) {
    case 'GET':
    case 'HEAD':
      if (query.has('attributes')) return objects.objectAttributes(request);
      return isUpload ? uploads.listParts(request) : objects.readObject(request);
    case 'PUT':
      if (isUpload) return isCopy ? uploads.copyPart(request) : uploads.uploadPart(request);
      return isCopy ? objects.copyObject(request) : objects.putObject(request);
    case 'DELETE':
      return isUpload ? uploads.abortUpload(request) : objects.deleteObject(request);
    case 'POST':
      if (query.has('uploads')) return uploads.createUpload(request);
      if (isUpload) return uploads.completeUpload(request);
  }
  throw unknown(request);
}

function unknown({ req, query }: EmulatorRequest): S3Fault {
  return faults.notImplemented(`${req.method} with ${[...query.keys()].join(', ') || 'no query'}`);
}
