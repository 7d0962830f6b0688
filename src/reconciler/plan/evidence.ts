// Plan, first half: evidence. The plan must know since when a difference stands, and which means could mend it.
import type { Difference } from '../compare/differences.ts';
import { mapInFlight } from '../in-flight.ts';
import { recordSightings, type Sighting, storableKey } from '../state/memory.ts';
import { gatherMeans, type Means, type MeansDeps } from './means.ts';

/** A difference, its first sighting, and the means to mend it: all that the plan needs to decide. */
export interface Evidence extends Means, Pick<Difference, 'known' | 'verdict'> {
  readonly sighting: Sighting;
}

export interface EvidenceDeps extends MeansDeps {
  readonly runId: string;
  readonly now: Date;
}

const requestsInFlight = 8;

/** Writes down that each difference was seen, and gathers its means. @throws KeepsakeError of S3 or Postgres */
export async function gatherEvidence(
  deps: EvidenceDeps,
  differences: readonly Difference[],
): Promise<readonly Evidence[]> {
  const { pool, runId, now } = deps;
  const seen = differences.map(({ known, verdict }) => ({
    key: storableKey(known.key),
    drift: verdict.drift ?? verdict.class,
  }));
  const sightings = await recordSightings(pool, runId, now, seen);
  const gathered = mapInFlight(differences.entries(), requestsInFlight, async ([index, { known, verdict, head }]) => ({
    known,
    verdict,
    sighting: sightings[index] ?? { firstSeenAt: now, isEarlier: false },
    ...(await gatherMeans(deps, { known, verdict, head })),
  }));
  return Array.fromAsync(gathered);
}
