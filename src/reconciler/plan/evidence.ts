// Between compare and plan: every difference is looked at a second time, alone, and what a repair could use is
// gathered. A listing takes minutes; by then a difference may have healed, or been none (P8, P9).
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { type ImageRow, imagePrefix } from '../../shared/image.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import { headObject } from '../../shared/s3/client.ts';
import type { ListedObject } from '../../shared/s3/listing.ts';
import { type Case, type JudgeOptions, judge, type Verdict } from '../compare/judge.ts';
import type { Pair } from '../compare/pair-up.ts';
import { mapInFlight } from '../in-flight.ts';
import { findRows } from '../observe/image-rows.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';
import { recordSightings, type Sighting, storableKey } from '../state/memory.ts';
import { gatherMeans, type Means, type MeansDeps, toListedObject } from './means.ts';

/** A difference that held when looked at again, and what could mend it: all that the plan needs to decide. */
export interface Evidence extends Means {
  readonly known: Case;
  readonly verdict: Verdict;
  readonly sighting: Sighting;
}

export interface EvidenceDeps extends MeansDeps {
  readonly runId: string;
  readonly startedAt: Date;
  readonly judgeOptions: JudgeOptions;
  readonly isDeep: boolean;
}

const requestsInFlight = 8;
/** S3 tells times in whole seconds: an object may be this much younger than it says. */
const toldTimeMs = 1000;

/**
 * Looks again at a batch of pairs that seemed to differ; answers with those that still do, and how many turned out well.
 * @throws KeepsakeError when S3 or Postgres can't say, and `S3BadAnswer` when the listing is proven to have left out keys.
 */
export async function gatherEvidence(
  deps: EvidenceDeps,
  pairs: readonly Pair[],
): Promise<{
  readonly evidence: readonly Evidence[];
  readonly ok: { readonly count: number; readonly bytes: number };
}> {
  const keys = pairs.map(({ key }) => storableKey(key));
  const [rows, deletions] = await Promise.all([findRows(deps.pool, keys), outboxEntries(deps.pool, keys)]).catch(
    (error: unknown) => {
      throw asDatabaseError(error);
    },
  );
  const looks = mapInFlight(pairs, requestsInFlight, (pair) =>
    lookAgain(deps, pair, { row: rows.get(pair.key) ?? null, deletionAt: deletions.get(pair.key) ?? null }),
  );
  const differing: Look[] = [];
  const ok = { count: 0, bytes: 0 };
  for await (const look of looks) {
    if (look && look.verdict.drift !== null) differing.push(look);
    else if (look) {
      ok.count += 1;
      ok.bytes += sizeOf(look.known);
    }
  }
  const sightings = await recordSightings(
    deps.pool,
    deps.runId,
    deps.judgeOptions.now,
    differing.map(({ known, verdict }) => ({ key: storableKey(known.key), drift: verdict.drift ?? 'orphan' })),
  );
  const gathered = mapInFlight(differing.entries(), requestsInFlight, async ([index, look]) => ({
    ...look,
    sighting: sightings[index] ?? { firstSeenAt: deps.judgeOptions.now, isEarlier: false },
    ...(await gatherMeans(deps, look)),
  }));
  return { evidence: await Array.fromAsync(gathered), ok };
}

/** The bytes that a pair stands for: the object's, or the row's where the object is gone. */
export function sizeOf({ object, row }: Pair): number {
  return object?.sizeBytes ?? row?.sizeBytes ?? 0;
}

interface Look {
  readonly known: Case;
  readonly verdict: Verdict;
  readonly head: HeadObjectCommandOutput | null;
}

async function lookAgain(
  { bucket, judgeOptions, isDeep, signal, startedAt }: EvidenceDeps,
  pair: Pair,
  fresh: { readonly row: ImageRow | null; readonly deletionAt: Date | null },
): Promise<Look | null> {
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
