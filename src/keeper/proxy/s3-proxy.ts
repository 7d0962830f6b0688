// The door for S3 clients: what a request asks for, and who does it. P3: nothing is answered while the gate is closed, or
// of a key that is not put back yet.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asKeepsakeError, assertNever } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Call } from '../s3/call.ts';
import { classify, type Operation } from '../s3/classify.ts';
import { invalidUri, notKept, notReady, s3ErrorOf, sendS3Error } from '../s3/errors.ts';
import { bringToPathStyle } from '../s3/path-style.ts';
import { parseTarget } from '../s3/target.ts';
import type { DiskGuard } from '../store/disk-guard.ts';
import type { FillProgress } from '../turn/progress.ts';
import type { ChangeParts } from '../turn/turns.ts';
import type { Wholeness } from '../turn/wholeness.ts';
import type { Emulator } from '../upstream/emulator.ts';
import type { Gate } from '../upstream/gate.ts';
import { sentinelPrefix } from '../upstream/session-source.ts';
import { changeSetting, createBucket, deleteBucket } from './buckets.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-objects.ts';
import { needOf } from './needs.ts';
import { postForm } from './post-form.ts';
import { putObject } from './put-object.ts';
import type { Reader } from './read.ts';
import { withRoom } from './room.ts';
import { abortUpload, completeUpload, createUpload, uploadPart, uploadPartCopy } from './uploads.ts';

export interface S3ProxyOptions {
  readonly emulator: Emulator;
  readonly changes: ChangeParts;
  readonly reader: Reader;
  readonly wholeness: Wholeness;
  readonly progress: FillProgress;
  readonly disk: DiskGuard;
  readonly logger: Logger;
}

/** Answers one S3 request. Never rejects. */
export async function serveS3(proxy: S3ProxyOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { gate, upstream } = proxy.emulator;
  const { session, epoch } = gate;
  if (session?.hostStyle === 'path-only') bringToPathStyle(req, upstream);
  const path = req.url ?? '/';
  if (!gate.isOpen || session === null) return sendS3Error(res, notReady(closedFor(gate)), path);
  const target = parseTarget(path, req.headers.host ?? '', session.hostStyle);
  if (target === undefined || target.bucket.startsWith(sentinelPrefix)) return sendS3Error(res, invalidUri, path);
  const operation = classify(req.method ?? '', target, req.headers);
  try {
    const need = needOf(operation, { method: req.method ?? '', target, hasSubResources: session.hasSubResources });
    if (need.kind === 'all' && !gate.isWhole) return sendS3Error(res, notReady(notWhole(proxy.progress)), path);
    const missing = need.kind === 'key' ? proxy.wholeness.ensure(epoch, need.name) : undefined;
    if (missing !== undefined) await missing;
    if (res.destroyed) return; // its client left, and what it waited for is there for the next
    await withRoom(proxy.disk, { req, operation }, () => perform(proxy, { req, res, target, epoch }, operation));
  } catch (thrown) {
    const error = asKeepsakeError(thrown);
    if (error.code === 'S3Unavailable') gate.suspect();
    if (error.kind === 'bug') proxy.logger.error({ err: thrown, operation: operation.kind }, 'a request failed');
    sendS3Error(res, s3ErrorOf(error), target.path);
  }
}

function closedFor(gate: Gate): string {
  return gate.state === 'upstream-down'
    ? "The emulator behind the keeper can't be reached"
    : 'The emulator is being filled with what was acknowledged';
}

function notWhole({ objectsDone, objectsTotal }: FillProgress): string {
  return `The emulator is being filled with what was acknowledged, ${objectsDone} of ${objectsTotal} objects so far; this call waits for all of it`;
}

function perform(
  { emulator, changes, reader }: S3ProxyOptions,
  call: Call,
  operation: Operation,
): Promise<void> | void {
  switch (operation.kind) {
    case 'read':
      return reader.read(call, operation.what);
    case 'put-object':
      return putObject(changes, call);
    case 'delete-object':
      return deleteObject(changes, call);
    case 'delete-objects':
      return deleteObjects(changes, call);
    case 'copy-object':
      return copyObject(changes, call);
    case 'create-upload':
      return createUpload(changes, call);
    case 'upload-part':
      return uploadPart(changes, call, operation.uploadId, operation.partNumber);
    case 'upload-part-copy':
      return uploadPartCopy(changes, call, operation.uploadId, operation.partNumber);
    case 'complete-upload':
      return completeUpload(changes, call, operation.uploadId);
    case 'abort-upload':
      return abortUpload(changes, call, operation.uploadId);
    case 'create-bucket':
      return createBucket(changes, call);
    case 'delete-bucket':
      return deleteBucket(changes, call);
    case 'put-bucket-setting':
    case 'delete-bucket-setting':
    case 'put-object-setting':
    case 'delete-object-setting':
      return isKnownThere(emulator.gate, operation.name)
        ? changeSetting(changes, call, operation.name)
        : sendS3Error(call.res, unknownThere(operation.name), call.target.path);
    case 'post-form':
      return postForm(changes, call);
    case 'refused':
      return sendS3Error(call.res, notKept(operation.what, operation.remedy), call.target.path);
    default:
      return assertNever(operation);
  }
}

function isKnownThere(gate: Gate, name: string): boolean {
  return name === 'lifecycle' || gate.session?.hasSubResources === true;
}

const unknownThere = (name: string) =>
  notKept(
    `the emulator does not know ?${name} and would take the call for another one`,
    'Use an emulator that knows it, such as LocalStack.',
  );
