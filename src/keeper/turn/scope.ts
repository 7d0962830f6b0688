// The things that a change may touch, and the locks that keep other changes off them.
import type { Affected } from '../put-back/agree.ts';
import type { KeyName } from '../s3/target.ts';
import { bucketLock, keyLock, type LockRequest } from './locks.ts';

export interface Scope {
  readonly operation: string;
  readonly affected: Affected;
  readonly locks: readonly LockRequest[];
  /** An object that is read for the change; its key is among the locks. */
  readonly source?: KeyName;
}

/** The scope of a change of one key. */
export function keyScope(operation: string, { bucket, key }: KeyName): Scope {
  return { operation, affected: { bucket, keys: [key] }, locks: locksOfKey({ bucket, key }) };
}

/** The locks of whoever changes one key, or must find it unchanged. */
export function locksOfKey({ bucket, key }: KeyName): readonly LockRequest[] {
  return [bucketLock(bucket, true), keyLock(bucket, key)];
}
