// The brakes of P9: each is a reason to refuse removals although everything was read. Pure. A brake's message ends with
// the next step for a person. Restoring is never braked: it only adds bytes that are proven.
import type { Condition } from '../../shared/report.ts';
import type { RemovalLimits } from '../config.ts';
import type { Identity } from '../observe/identity.ts';
import type { Remembered } from '../state/runs.ts';

/** Both sides as a run has counted them. */
export interface Sides {
  readonly objectsRead: number;
  readonly rowsRead: number;
  readonly storedRows: number;
  readonly missing: number;
  /** Orphans whose key is one of our images'. */
  readonly orphanImages: number;
}

export interface BrakeInput {
  readonly sides: Sides;
  readonly identity: Identity;
  readonly remembered: Remembered | null;
  /** How many planned actions the limits count (`isLimited`). */
  readonly limitedActions: number;
  readonly limits: RemovalLimits;
}

interface BrakeAnswer {
  readonly condition: Condition;
  readonly stops: boolean;
}

type Brake = (input: BrakeInput) => BrakeAnswer | null;

// Nine in ten gone at once is a lost volume, a wrong bucket or a wrong database, not drift.
const isNearlyAll = (part: number, whole: number): boolean => whole > 0 && part * 10 >= whole * 9;
// Fewer orphans than this may be a handful of leftovers in a young system.
const orphansThatAlarm = 10;

// One or two images gone from a system that has no more are drift, said as such; they tell nothing about a volume.
const missingThatAlarm = 3;

const bucketLooksEmpty: Brake = ({ sides: { missing, storedRows } }) =>
  missing >= missingThatAlarm && isNearlyAll(missing, storedRows)
    ? stop('BucketLooksEmpty', 'ObjectsGone', [
        `S3 lacks ${missing} of the ${storedRows} images that Postgres knows: a lost volume or another bucket?`,
        'Nothing is removed. Check AWS_S3_ENDPOINT_URL and the bucket (npm run doctor), then bring back what can be:',
        'npm run fix -- --fix',
      ])
    : null;

const databaseLooksEmpty: Brake = ({ sides, remembered }) => {
  const isEmptied = sides.rowsRead === 0 && sides.objectsRead > 0 && (remembered?.rowsRead ?? 0) > 0;
  const isMostlyUnknown = sides.orphanImages >= orphansThatAlarm && isNearlyAll(sides.orphanImages, sides.objectsRead);
  return isEmptied || isMostlyUnknown
    ? stop('DatabaseLooksEmpty', 'RowsGone', [
        `Postgres knows ${sides.rowsRead} images, S3 holds ${sides.objectsRead}: a lost or another database?`,
        'Nothing is removed. Check DATABASE_URL (npm run doctor); see which rows their objects can prove: npm run fix',
      ])
    : null;
};

const storeReplaced: Brake = ({ identity, remembered, sides }) => {
  const before = remembered?.storeId ?? null;
  if (before === null || identity.storeId === undefined || identity.storeId === before) return null;
  const now = identity.storeId === null ? 'no keeper answers any more' : 'its keeper has another store';
  if (sides.missing === 0)
    return notice('StoreReplaced', 'AnotherStore', `S3 is not the one of before: ${now}. Nothing is missing in it.`);
  return stop('StoreReplaced', 'AnotherStore', [
    `S3 is not the one of before: ${now}, and ${sides.missing} images are missing in it.`,
    'Nothing is removed. Bring the old volume back, or bring back what can be: npm run fix -- --fix',
  ]);
};

const databaseReplaced: Brake = ({ identity, remembered, sides }) => {
  if (!remembered || remembered.databaseId === identity.databaseId) return null;
  if (sides.orphanImages === 0)
    return notice(
      'DatabaseReplaced',
      'AnotherDatabase',
      'Postgres is not the one of before, but it knows every image.',
    );
  return stop('DatabaseReplaced', 'AnotherDatabase', [
    `Postgres is not the one of before, and it does not know ${sides.orphanImages} images that S3 holds.`,
    'Nothing is removed. Check DATABASE_URL; see which rows their objects can prove: npm run fix',
  ]);
};

const limitReached: Brake = ({ limitedActions, limits, sides }) => {
  const all = Math.max(sides.objectsRead, sides.rowsRead);
  const allowed = Math.min(limits.maxCount, Math.max(alwaysAllowed, Math.floor(all * limits.maxShare)));
  return limitedActions > allowed
    ? stop('LimitReached', 'TooManyAtOnce', [
        `${limitedActions} of ${all} would be removed or adopted, the limit is ${allowed}. Nothing is removed or adopted.`,
        'Look at them (npm run check); if it is right, run the same command with these settings before it:',
        `INTEGRITY_MAX_REMOVALS=${limitedActions} INTEGRITY_MAX_REMOVAL_PERCENT=100`,
      ])
    : null;
};

// A share of a small system is less than one: this many things may always go.
const alwaysAllowed = 20;

const brakes: readonly Brake[] = [bucketLooksEmpty, databaseLooksEmpty, storeReplaced, databaseReplaced, limitReached];

/**
 * Asks every brake. `isPulled`: at least one forbids removals and makes the run `Suspicious`; notices only tell.
 * `isLimitReached` forbids adopting too. Under the other brakes, rows that their objects prove may be adopted. It
 * only adds, and it is the way back after a lost database.
 */
export function pullBrakes(input: BrakeInput): {
  readonly isPulled: boolean;
  readonly isLimitReached: boolean;
  readonly conditions: readonly Condition[];
} {
  const answers = brakes.map((brake) => brake(input)).filter((answer) => answer !== null);
  return {
    isPulled: answers.some(({ stops }) => stops),
    isLimitReached: answers.some(({ condition }) => condition.type === 'LimitReached'),
    conditions: answers.map(({ condition }) => condition),
  };
}

function stop(type: string, reason: string, sentences: readonly string[]): BrakeAnswer {
  return { stops: true, condition: { type, status: 'True', reason, message: sentences.join(' ') } };
}

function notice(type: string, reason: string, message: string): BrakeAnswer {
  return { stops: false, condition: { type, status: 'True', reason, message } };
}
