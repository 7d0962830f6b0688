// `keepsake keeper status|versions|restore`: what the keeper holds, and bringing an earlier state of a key back (P5).
import { KeepsakeError } from '../../shared/errors.ts';
import { createKeeperClient, type KeeperClient, type KeeperStatus, type KeptVersion } from '../../shared/keeper-api.ts';
import type { Context } from '../context.ts';
import { newTable } from '../report-view.ts';
import { findSystem } from '../system.ts';
import { countOf, shortened, sizeOf } from '../words.ts';

interface Target {
  readonly client: KeeperClient;
  readonly bucket: string;
}

function findKeeper({ env }: Context): Target {
  const { s3 } = findSystem(env);
  if (s3.endpoint === undefined) throw noKeeper('AWS');
  return { client: createKeeperClient(s3.endpoint), bucket: s3.bucket };
}

export async function keeperStatus(context: Context): Promise<number> {
  const status = await findKeeper(context).client.status();
  if (!status) throw noKeeper('an S3 without it');
  const { state, counts, restore, disk, lag, damaged, storeId, upstream, version } = status;
  const isReady = state === 'ready';
  context.print(`${isReady ? context.style('green', '✓') : context.style('yellow', '!')} keeper ${version}: ${state}`);
  context.print(
    `  holds     ${countOf(counts.objects, 'object')}, ${sizeOf(counts.bytes)}, in ${countOf(counts.buckets, 'bucket')}`,
  );
  context.print(`  undo      ${countOf(counts.retired, 'earlier version')}, ${sizeOf(counts.retiredBytes)}`);
  context.print(`  restored  ${restoreLine(restore)}`);
  if (disk !== null) context.print(`  disk      ${diskLine(context, disk)}`);
  if (lag.changes + lag.commits > 0) context.print(`  lag       ${lagLine(lag)}`);
  context.print(`  store     ${storeId}, in front of ${upstream}`);
  for (const { bucket, key, reason } of damaged) {
    context.print(`${context.style('red', '✗')} damaged: ${bucket}/${shortened(key, 80)}: ${reason}`);
  }
  context.printJson(status);
  return isReady && damaged.length === 0 && disk?.isLow !== true ? 0 : 1;
}

const barWidth = 24;

function restoreLine({
  objectsDone,
  objectsTotal,
  secondsLeft,
  startedAt,
  finishedAt,
}: KeeperStatus['restore']): string {
  const done = `${objectsDone.toLocaleString('en')} of ${countOf(objectsTotal, 'object')}`;
  if (startedAt === null || finishedAt !== null) return done;
  const share = objectsTotal === 0 ? 0 : Math.min(1, objectsDone / objectsTotal);
  const filled = Math.floor(share * barWidth);
  const left = secondsLeft === null ? '' : `, about ${timeOf(secondsLeft)} left`;
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${Math.floor(share * 100)} %, ${done}${left}`;
}

function diskLine(
  { style }: Context,
  { freeBytes, totalBytes, minFreeBytes, isLow }: NonNullable<KeeperStatus['disk']>,
): string {
  const free = `${sizeOf(freeBytes)} of ${sizeOf(totalBytes)} free`;
  return isLow
    ? style('red', `${free}: what needs space is refused below ${sizeOf(minFreeBytes)} (KEEPER_MIN_FREE)`)
    : free;
}

function lagLine({ changes, oldestChangeMs, commits, oldestCommitMs }: KeeperStatus['lag']): string {
  const oldest = (ms: number) => `the oldest for ${timeOf(ms / 1000)}`;
  const settling = changes === 0 ? [] : [`${countOf(changes, 'change')} under way, ${oldest(oldestChangeMs)}`];
  const committing =
    commits === 0 ? [] : [`${countOf(commits, 'commit')} on the way to disk, ${oldest(oldestCommitMs)}`];
  return [...settling, ...committing].join('; ');
}

/** `90` → `1 min 30 s`. */
function timeOf(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.round(seconds % 60)} s`;
}

export async function keeperVersions(
  context: Context,
  _options: object,
  [key = '']: readonly string[],
): Promise<number> {
  const { client, bucket } = findKeeper(context);
  const versions = await client.versions(bucket, key);
  if (versions.length === 0) context.print(`The keeper holds nothing under ${bucket}/${key}.`);
  else context.print(versionTable(versions));
  context.printJson(versions);
  return versions.length > 0 ? 0 : 1;
}

export interface RestoreOptions {
  readonly versionId?: string;
}

export async function keeperRestore(
  context: Context,
  { versionId }: RestoreOptions,
  [key = '']: readonly string[],
): Promise<number> {
  const { client, bucket } = findKeeper(context);
  const restored = await client.restore({ bucket, key, ...(versionId !== undefined && { versionId }) });
  context.print(
    `${context.style('green', '✓')} ${bucket}/${key} is back: ${sizeOf(restored.sizeBytes)}, ${restored.etag}`,
  );
  context.printJson(restored);
  return 0;
}

function versionTable(versions: readonly KeptVersion[]): string {
  const table = newTable(['version', 'state', 'size', 'saved', 'kept until']);
  for (const { versionId, state, sizeBytes, savedAt, expiresAt } of versions) {
    table.push([versionId, state, sizeOf(sizeBytes), savedAt, expiresAt ?? '']);
  }
  return table.toString();
}

function noKeeper(got: string): KeepsakeError {
  return new KeepsakeError('NotConfigured', {
    what: 'there is no keeper',
    got,
    remedy: 'npm start brings one; else set AWS_S3_ENDPOINT_URL to where yours listens.',
  });
}
