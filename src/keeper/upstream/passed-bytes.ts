// Keeps memory flat while bodies pass (P4). A chunk is dead as soon as it is written. But V8 hardly sees the bytes behind
// it, and lets some 64 MB of them gather. A collection of the young generation frees them in a millisecond or two.
import v8 from 'node:v8';
import vm from 'node:vm';

const collectAfterBytes = 16 * 1024 * 1024;
let passed = 0;
let collect: (() => void) | undefined;

/** Notes that a chunk of a body has passed. */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed < collectAfterBytes) return;
  passed = 0;
  collect ??= createCollect();
  collect();
}

function createCollect(): () => void {
  // The young generation is small here: threads that share the work cost more than they save.
  v8.setFlagsFromString('--no-parallel-scavenge');
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
  return () => gc({ type: 'minor' });
}
