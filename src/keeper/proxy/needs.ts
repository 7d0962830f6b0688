// The things that must be whole in the emulator before a request may go there. P3: while it is filled, a request for one
// object waits for that object alone; one that tells of many waits for all. Changes of keys see to it under their locks.

import { isBucketQuestion, type Operation } from '../s3/classify.ts';
import type { KeyName, Target } from '../s3/target.ts';

export type Need =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'key'; readonly name: KeyName }
  | { readonly kind: 'all' };

const nothing: Need = { kind: 'nothing' };
const all: Need = { kind: 'all' };

/** `hasSubResources`: whether the emulator knows them; one that does not takes `GET ?cors` for a listing. */
export function needOf(
  operation: Operation,
  {
    method,
    target,
    hasSubResources,
  }: { readonly method: string; readonly target: Target; readonly hasSubResources: boolean },
): Need {
  switch (operation.kind) {
    case 'read':
      return needOfRead(operation.what, target, method === 'GET' && !(hasSubResources && isBucketQuestion(target)));
    case 'delete-bucket':
    case 'create-upload':
    case 'upload-part':
    case 'upload-part-copy':
    case 'complete-upload':
    case 'abort-upload':
      return all;
    default:
      return nothing;
  }
}

function needOfRead(
  what: Extract<Operation, { kind: 'read' }>['what'],
  { bucket, key }: Target,
  mayList: boolean,
): Need {
  if (what === 'upload' || what === 'list-uploads') return all;
  if (what === 'list-buckets') return nothing;
  if (key !== '') return { kind: 'key', name: { bucket, key } };
  return mayList ? all : nothing;
}
