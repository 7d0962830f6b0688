import { describe, expect, test } from 'vitest';
import { aReport } from '../../test/support/a-report.ts';
import { KeepsakeError } from '../shared/errors.ts';
import { silentLogger } from '../shared/logger.ts';
import { patiently } from './patience.ts';
import { isWorthAnotherTry, runPatiently } from './patient-run.ts';

const incomplete = (reason: string) =>
  aReport({ status: 'Incomplete', conditions: [{ type: 'Complete', status: 'False', reason, message: '' }] });
const healthy = aReport({ status: 'Healthy' });

describe('another try', () => {
  test.each(['S3Unavailable', 'DatabaseUnavailable', 'KeeperRestoring'])('may help against %s', (reason) =>
    expect(isWorthAnotherTry(incomplete(reason))).toBe(true),
  );
  test.each(['S3BucketMissing', 'S3AccessDenied', 'ListingUnordered', 'NoCodeOfOurs'])(
    'cannot help against %s',
    (reason) => expect(isWorthAnotherTry(incomplete(reason))).toBe(false),
  );
  test('cannot help when the run was refused, or found drift', () => {
    for (const status of ['Suspicious', 'Degraded', 'Healthy'] as const)
      expect(isWorthAnotherTry({ ...incomplete('S3Unavailable'), status })).toBe(false);
  });
});

describe('a patient run', () => {
  /** Runs that give these reports in their order; what was done, in its order. */
  const world = (reports: readonly ReturnType<typeof aReport>[], hasTime = () => true) => {
    const done: string[] = [];
    const left = [...reports];
    const outcome = runPatiently({
      untilThere: async () => void done.push('wait'),
      run: async () => {
        done.push('run');
        return left.shift() ?? healthy;
      },
      hasTime,
    });
    return { done, outcome };
  };

  test('waits before it looks', async () => {
    const { done, outcome } = world([healthy]);
    expect(await outcome).toBe(healthy);
    expect(done).toEqual(['wait', 'run']);
  });

  test('runs again when S3 was away for a moment', async () => {
    const { done, outcome } = world([incomplete('S3Unavailable'), healthy]);
    expect(await outcome).toBe(healthy);
    expect(done).toEqual(['wait', 'run', 'wait', 'run']);
  });

  test('is not repeated when its time is over, nor more than four times', async () => {
    const away = incomplete('S3Unavailable');
    const late = world([away, healthy], () => false);
    expect(await late.outcome).toBe(away);
    const often = world([away, away, away, away, healthy]);
    expect(await often.outcome).toBe(away);
    expect(often.done.filter((one) => one === 'run')).toHaveLength(4);
  });
});

test('a wait goes on for what its caller calls worth a try, and ends at once for all else', async () => {
  const stopping = new AbortController();
  const tries: string[] = [];
  const work = async () => {
    const code = tries.length === 0 ? 'S3BucketMissing' : 'S3AccessDenied';
    tries.push(code);
    setImmediate(() => stopping.abort()); // ends the pause before the next try
    throw new KeepsakeError(code, { what: code });
  };
  const patience = { patienceMs: 60_000, logger: silentLogger(), signal: stopping.signal };
  const isWorthATry = ({ code }: KeepsakeError) => code === 'S3BucketMissing';
  await expect(patiently(work, { ...patience, isWorthATry })).rejects.toThrow('S3AccessDenied');
  expect(tries).toHaveLength(2);
});
