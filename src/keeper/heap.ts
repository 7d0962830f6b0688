// How often the process of a keeper collects its garbage. The bodies that pass are outside of V8's heap, but V8 counts
// them. With a heap as small as the keeper's, it would mark all of it again for each ten bodies of 1 MiB. That costs more
// processor time than everything else that is done with them.
import v8 from 'node:v8';

/** How much a collection lets live and passing memory grow before the next, in percent: some 20 MB live become 60. */
const growthPercent = 200;

/** For a process that is a keeper and nothing else; to be called once, at its start. */
export function collectSeldom(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}
