// S3: does it answer, are we let in, is the bucket there, does its clock agree, is the keeper whole?
import { createKeeperClient } from '../../shared/keeper-api.ts';
import { assertBucket, createS3Client, headObject } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';
import type { S3Config } from '../../shared/s3/settings.ts';
import { countOf, sizeOf } from '../words.ts';
import { type Diagnosis, diagnose, fault, note, ok, skipped } from './diagnosis.ts';
import type { EmulatorInfo } from './settings.ts';

export interface S3Diagnoses {
  readonly diagnoses: readonly Diagnosis[];
  readonly emulator: EmulatorInfo | undefined;
}

export async function diagnoseS3(s3: S3Config): Promise<S3Diagnoses> {
  const where = s3.endpoint ?? `AWS, ${s3.region}`;
  const client = createS3Client(s3, { maxAttempts: 1, requestTimeoutMs: 10_000 });
  const bucket = { client, name: s3.bucket };
  try {
    const connection = await diagnose('S3 connection', async () => {
      await assertBucket(bucket).catch((error: unknown) => {
        const known = asS3Error(error, s3.bucket);
        if (known.code !== 'S3BucketMissing' && known.code !== 'S3AccessDenied') throw known; // both are answers
      });
      return ok('S3 connection', where);
    });
    if (connection.state !== 'ok') {
      const rest = ['credentials', 'bucket', 'clock', 'keeper'].map((name) => skipped(name, 'S3 does not answer'));
      return { diagnoses: [connection, ...rest], emulator: undefined };
    }
    const credentials = await diagnose('credentials', async () => {
      await headObject(bucket, 'images/keepsake-doctor').catch((error: unknown) => {
        const known = asS3Error(error, s3.bucket);
        if (known.code !== 'S3BucketMissing') throw known;
      });
      return ok(
        'credentials',
        s3.credentials ? `access key ${s3.credentials.accessKeyId.slice(0, 4)}…` : 'the default chain',
      );
    });
    const bucketThere = await diagnose('bucket', async () => {
      await assertBucket(bucket);
      return ok('bucket', s3.bucket);
    });
    const clock = s3.endpoint === undefined ? [] : [await diagnose('clock', () => compareClock(s3.endpoint ?? ''))];
    const keeper = s3.endpoint === undefined ? undefined : await lookForKeeper(s3.endpoint);
    const emulator = s3.endpoint === undefined ? undefined : await askEmulator(s3.endpoint, keeper?.state === 'ok');
    return { diagnoses: [connection, credentials, bucketThere, ...clock, ...(keeper ? [keeper] : [])], emulator };
  } finally {
    client.destroy();
  }
}

// S3 refuses a signature that is more than 15 minutes off (S3 API reference, RequestTimeTooSkewed).
const skewLimitMs = 15 * 60_000;
const skewNoteMs = 60_000;

async function compareClock(endpoint: string): Promise<Diagnosis> {
  const askedAt = Date.now();
  const response = await fetch(endpoint, { method: 'HEAD', signal: AbortSignal.timeout(10_000) });
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return ok('clock', 'S3 does not tell its time');
  const skewMs = Math.abs(theirs - (askedAt + Date.now()) / 2);
  const detail = `differs from that of S3 by ${Math.round(skewMs / 1000)} s`;
  const remedy = 'Set the clock of this machine (NTP).';
  if (skewMs > skewLimitMs) return fault('clock', `${detail}; S3 refuses signatures from 15 min on`, remedy);
  return skewMs > skewNoteMs ? note('clock', detail, remedy) : ok('clock', detail);
}

async function lookForKeeper(endpoint: string): Promise<Diagnosis> {
  return diagnose('keeper', async () => {
    const status = await createKeeperClient(endpoint).status();
    if (!status) {
      return note(
        'keeper',
        'what answers is no keeper: a restart of an emulator loses all it holds',
        'Put the keeper in front of it (keepsake keeper run), or use npm start.',
      );
    }
    const { state, counts, damaged, restore } = status;
    const held = `${countOf(counts.objects, 'object')}, ${sizeOf(counts.bytes)}`;
    if (damaged.length > 0) {
      const remedy = 'See which: keepsake keeper status. Upload them again, or restore a backup of its folder.';
      return fault('keeper', `${countOf(damaged.length, 'damaged entry')} set aside; the rest is served`, remedy);
    }
    if (state === 'ready') return ok('keeper', `ready, holds ${held}`);
    if (state === 'restoring') {
      const back = `${restore.objectsDone} of ${countOf(restore.objectsTotal, 'object')} are back`;
      return note('keeper', `restoring: ${back}`, 'Nothing: each is there when it is asked for; lists wait for all.');
    }
    return fault('keeper', `${state}: ${held} in its store`, 'Wait a moment; if it stays so, see its log.');
  });
}

async function askEmulator(endpoint: string, hasKeeper: boolean): Promise<EmulatorInfo> {
  try {
    const response = await fetch(`${endpoint}/_localstack/info`, { signal: AbortSignal.timeout(5_000) });
    const info = (await response.json()) as { session_id?: unknown; is_license_activated?: unknown };
    const isLocalStack = response.ok && typeof info.session_id === 'string';
    return { kind: isLocalStack ? 'localstack' : 'other', isLicensed: info.is_license_activated === true, hasKeeper };
  } catch {
    return { kind: 'other', isLicensed: false, hasKeeper }; // no JSON there: not LocalStack
  }
}
