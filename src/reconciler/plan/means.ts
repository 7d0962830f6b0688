// The means to mend a difference. A row needs bytes: the keeper's versions or the quarantine may hold them. An object
// needs a row: its own metadata gives it, proven by its bytes. Read-only.
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { KeepsakeError } from '../../shared/errors.ts';
import { fromObjectMetadata, type ImageRow, idOfKey, imageTypes } from '../../shared/image.ts';
import type { KeeperClient, KeptVersion } from '../../shared/keeper-api.ts';
import { asDatabaseError, type Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import type { Difference } from '../compare/differences.ts';
import type { Case } from '../compare/judge.ts';
import { readObjectBytes } from '../observe/object-bytes.ts';

/** Bytes that may be what a row asks for. Proven only by reading them back once they are there. */
export type RestoreSource =
  | { readonly kind: 'keeper'; readonly versionId: string }
  | { readonly kind: 'quarantine'; readonly quarantineKey: string };

export interface Means {
  /** Best first. `unknown`: the keeper did not answer, so nobody can say that nothing brings the bytes back. */
  readonly sources: readonly RestoreSource[] | 'unknown';
  /** The row that the object's metadata and bytes prove; null when they don't. */
  readonly rebuilt: ImageRow | null;
  /** The keeper saw this key deleted and holds it no more: the object came back behind its back. */
  readonly isDeletedInKeeper: boolean;
}

export interface MeansDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient | null;
  readonly signal: AbortSignal;
}

/** Gathers the means for one difference. @throws KeepsakeError of S3 or Postgres; a silent keeper is no error. */
export async function gatherMeans(deps: MeansDeps, { known, verdict, head }: Difference): Promise<Means> {
  const nothing: Means = { sources: [], rebuilt: null, isDeletedInKeeper: false };
  switch (verdict.class) {
    case 'ok':
    case 'too-new':
      return nothing;
    case 'pending':
      return { ...nothing, rebuilt: known.row && finishedRow(known.row, known, head) };
    case 'orphan': {
      const rebuilt = head && (await rowFromObject(deps, known, head));
      const kept = rebuilt ? await keptVersions(deps, known.key) : [];
      const isDeletedInKeeper = kept !== 'unknown' && kept.length > 0 && !kept.some(({ state }) => state === 'current');
      return { ...nothing, rebuilt, isDeletedInKeeper };
    }
    default:
      return { ...nothing, sources: known.row ? await restoreSources(deps, known.row) : [] };
  }
}

/** The sources that may hold the bytes of a row. */
export async function restoreSources(
  deps: Pick<MeansDeps, 'pool' | 'bucket' | 'keeper'>,
  row: ImageRow,
): Promise<Means['sources']> {
  const kept = await keptVersions(deps, row.key);
  const setAside = await quarantinedUnder(deps.pool, row);
  if (kept === 'unknown') return setAside.length > 0 ? setAside : 'unknown';
  const fitting = kept.filter(({ sizeBytes, metadata }) => {
    const { sha256 } = fromObjectMetadata(metadata);
    return sizeBytes === row.sizeBytes && (sha256 === undefined || sha256 === row.sha256);
  });
  return [...fitting.map(({ versionId }) => ({ kind: 'keeper' as const, versionId })), ...setAside];
}

async function keptVersions(
  deps: Pick<MeansDeps, 'bucket' | 'keeper'>,
  key: string,
): Promise<readonly KeptVersion[] | 'unknown'> {
  if (!deps.keeper) return [];
  try {
    return await deps.keeper.versions(deps.bucket.name, key);
  } catch (error) {
    if (error instanceof KeepsakeError && error.code === 'VersionNotFound') return [];
    if (error instanceof KeepsakeError && error.code === 'KeeperUnreachable') return 'unknown';
    throw error;
  }
}

async function quarantinedUnder(pool: Pool, row: ImageRow): Promise<readonly RestoreSource[]> {
  const { rows } = await pool
    .query<{ quarantine_key: string }>(
      `SELECT undo->>'quarantineKey' AS quarantine_key FROM integrity_actions
       WHERE key = $1 AND state = 'done' AND (undo->>'sha256') = $2 AND undo ? 'quarantineKey'
       ORDER BY started_at DESC LIMIT 3`,
      [row.key, row.sha256],
    )
    .catch((error: unknown) => {
      throw asDatabaseError(error);
    });
  return rows.map(({ quarantine_key }) => ({ kind: 'quarantine', quarantineKey: quarantine_key }));
}

/**
 * The row of an upload whose object is the body that came. Its bytes prove it: the row knows their SHA-256 (the API
 * writes it down before the object appears), or the object's metadata does. Null when neither proves it.
 */
function finishedRow(row: ImageRow, { object, bytes }: Case, head: HeadObjectCommandOutput | null): ImageRow | null {
  if (!object || !head || bytes?.kind !== 'read' || bytes.sizeBytes === 0) return null;
  const given = fromObjectMetadata(head.Metadata ?? {});
  const isProven =
    (row.sha256 ?? given.sha256) === bytes.sha256 && given.id === row.id && !contradicts(head, bytes.sha256);
  return isProven ? { ...row, status: 'stored', sizeBytes: bytes.sizeBytes, sha256: bytes.sha256 } : null;
}

async function rowFromObject(
  { bucket, signal }: MeansDeps,
  { key, object }: Case,
  head: HeadObjectCommandOutput,
): Promise<ImageRow | null> {
  const id = idOfKey(key);
  const given = fromObjectMetadata(head.Metadata ?? {});
  const contentType = head.ContentType ?? '';
  const ending = Object.entries(imageTypes).find(([type]) => type === contentType)?.[1];
  if (!id || given.id !== id || !ending || !key.endsWith(`.${ending}`) || !object) return null;
  const bytes = await readObjectBytes(bucket, key, signal);
  if (bytes.kind !== 'read' || bytes.sizeBytes === 0 || contradicts(head, bytes.sha256)) return null;
  return {
    id,
    key,
    contentType,
    title: given.title ?? '',
    originalName: given.originalName ?? key,
    sizeBytes: bytes.sizeBytes,
    sha256: bytes.sha256,
    status: 'stored',
    uploadedAt: given.uploadedAt ?? object.lastModified,
  };
}

/** Whether the uploader's SHA-256 differs from that of the bytes. A composite checksum (with a dash) says nothing. */
function contradicts(head: HeadObjectCommandOutput, sha256: string): boolean {
  const given = fromObjectMetadata(head.Metadata ?? {}).sha256;
  const stored = head.ChecksumSHA256;
  const storedHex = stored && !stored.includes('-') ? Buffer.from(stored, 'base64').toString('hex') : undefined;
  return (given !== undefined && given !== sha256) || (storedHex !== undefined && storedHex !== sha256);
}
