// Requests that need space on the disk, told from those that must go on when there is none.
import type { IncomingMessage } from 'node:http';
import { assertNever } from '../../shared/errors.ts';
import type { Operation } from '../s3/classify.ts';
import type { DiskGuard, Incoming } from '../store/disk-guard.ts';

/** Does `work` if there is room for what it brings. @throws (rejects) KeepsakeError `DiskFull` before it began */
export async function withRoom(
  disk: DiskGuard,
  { req, operation }: { readonly req: IncomingMessage; readonly operation: Operation },
  work: () => Promise<void> | void,
): Promise<void> {
  if (!needsRoom(operation)) return work();
  const incoming = incomingOf(req);
  const admission = disk.admit(incoming);
  if (admission !== undefined) await admission;
  try {
    await work();
  } finally {
    disk.end(incoming);
  }
}

/** Whether the operation adds to what is kept. Those that end or remove something do not, a few bytes of record aside. */
export function needsRoom({ kind }: Operation): boolean {
  switch (kind) {
    case 'put-object':
    case 'copy-object':
    case 'post-form':
    case 'create-upload':
    case 'upload-part':
    case 'upload-part-copy':
    case 'create-bucket':
    case 'put-bucket-setting':
    case 'put-object-setting':
      return true;
    case 'read':
    case 'complete-upload':
    case 'abort-upload':
    case 'delete-object':
    case 'delete-objects':
    case 'delete-bucket':
    case 'delete-bucket-setting':
    case 'delete-object-setting':
    case 'refused':
      return false;
    default:
      return assertNever(kind);
  }
}

// A body whose length is not told counts nothing: only what is left now decides.
function incomingOf({ headers, socket }: IncomingMessage): Incoming {
  const length = Number(headers['content-length'] ?? 0);
  const sizeBytes = Number.isSafeInteger(length) && length > 0 ? length : 0;
  const readBefore = socket.bytesRead;
  return { sizeBytes, remaining: () => Math.max(0, sizeBytes - (socket.bytesRead - readBefore)) };
}
