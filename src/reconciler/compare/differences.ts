// Compare, as a whole: every pair is judged as it was listed, and every difference a second time, alone. A listing takes
// minutes; by then a difference may have healed, or been none (P8, P9).
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { type ImageRow, imagePrefix } from '../../shared/image.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import { type Bucket, headObject } from '../../shared/s3/client.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';
import { inBatches, mapInFlight } from '../in-flight.ts';
import { findRows } from '../observe/image-rows.ts';
import { readObjectBytes, toListedObject } from '../observe/object-bytes.ts';
import { storableKey } from '../state/memory.ts';
import { type Case, type JudgeOptions, judge, type Verdict } from './judge.ts';
import { type Pair, sizeOf } from './pair-up.ts';

/** A difference that held when looked at again. */
export interface Difference {
  readonly known: Case;
  readonly verdict: Verdict;
  /** The object's head; null when there is no object. */
  readonly head: HeadObjectCommandOutput | null;
}

export interface CompareDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly signal: AbortSignal;
  readonly startedAt: Date;
  readonly judgeOptions: JudgeOptions;
  /** Whether the bytes of every object are read. */
  readonly isDeep: boolean;
  /** Counts pairs that are well. */
  readonly countOk: (bytes: number, count: number) => void;
}

const batchSize = 100;
const requestsInFlight = 8;
/** S3 tells times in whole seconds: an object may be this much younger than it says. */
const toldTimeMs = 1000;

/**
 * Yields batches of the differences among `pairs`, in their order.
 * @throws KeepsakeError when S3 or Postgres can't say, and `S3BadAnswer` when the listing is proven to have left out keys.
 */
export async function* findDifferences(
  deps: CompareDeps,
  pairs: AsyncIterable<Pair>,
): AsyncGenerator<readonly Difference[], void, void> {
  for await (const batch of inBatches(suspects(deps, pairs), batchSize)) yield await lookAgainAt(deps, batch);
}

async function* suspects(
  { judgeOptions, isDeep, countOk }: CompareDeps,
  pairs: AsyncIterable<Pair>,
): AsyncGenerator<Pair, void, void> {
  for await (const pair of pairs) {
    const verdict = judge({ ...pair, bytes: null, deletionAt: null }, judgeOptions);
    if (verdict.class === 'ok' && !isDeep) countOk(sizeOf(pair), 1);
    else yield pair;
  }
}

async function lookAgainAt(deps: CompareDeps, pairs: readonly Pair[]): Promise<readonly Difference[]> {
  const keys = pairs.map(({ key }) => storableKey(key));
  const [rows, deletions] = await Promise.all([findRows(deps.pool, keys), outboxEntries(deps.pool, keys)]).catch(
    (error: unknown) => {
      throw asDatabaseError(error);
    },
  );
  const looks = mapInFlight(pairs, requestsInFlight, (pair) =>
    lookAgain(deps, pair, { row: rows.get(pair.key) ?? null, deletionAt: deletions.get(pair.key) ?? null }),
  );
  const differing: Difference[] = [];
  for await (const look of looks) {
    if (!look) continue;
    if (look.verdict.drift === null) deps.countOk(sizeOf(look.known), 1);
    else differing.push(look);
  }
  return differing;
}

/** Answers null for a key that neither side knows any more. */
async function lookAgain(
  { bucket, judgeOptions, isDeep, signal, startedAt }: CompareDeps,
  pair: Pair,
  fresh: { readonly row: ImageRow | null; readonly deletionAt: Date | null },
): Promise<Difference | null> {
  const { row, deletionAt } = fresh;
  const answer = await headObject(bucket, pair.key, signal);
  let object = answer.kind === 'present' ? toListedObject(pair.key, answer.head) : null;
  const wasThere = object !== null && object.lastModified.getTime() + toldTimeMs <= startedAt.getTime();
  if (!pair.object && object && wasThere && pair.key.startsWith(imagePrefix)) throw listingLeftOut(object);
  const needsBytes = object && row && (isDeep || row.status === 'pending' || row.sizeBytes !== object.sizeBytes);
  const read = needsBytes ? await readObjectBytes(bucket, pair.key, signal) : null;
  if (read?.kind === 'absent') object = null;
  if (!object && !row) return null;
  const known: Case = { key: pair.key, object, row, bytes: read?.kind === 'absent' ? null : read, deletionAt };
  return { known, verdict: judge(known, judgeOptions), head: object && answer.kind === 'present' ? answer.head : null };
}

// P8: the listing ended without a key that was there all along, so it proves nothing about any other key either.
function listingLeftOut({ key, lastModified }: ListedObject): KeepsakeError {
  return new KeepsakeError('S3BadAnswer', {
    what: 'the listing of S3 left out an object that is there',
    got: `${JSON.stringify(key)}, last changed at ${lastModified.toISOString()}`,
    remedy: 'Try again; if it stays, check what stands in front of S3.',
  });
}

async function outboxEntries(pool: Pool, keys: readonly string[]): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await pool.query<{ key: string; created_at: Date }>(
    'SELECT key, min(created_at) AS created_at FROM outbox WHERE key = ANY($1) GROUP BY key',
    [keys],
  );
  return new Map(rows.map(({ key, created_at }) => [key, created_at]));
}
