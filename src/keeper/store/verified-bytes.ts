// The bytes of a version or a part, verified as they are read. A version that turns out damaged fails the reading, and is
// set aside and named; one that was dropped meanwhile is merely gone.
import path from 'node:path';
import { KeepsakeError } from '../../shared/errors.ts';
import { blockBytes, isBlockSound } from './block-checks.ts';
import { BodyDamaged, type ByteRange, readSegments, type Segment } from './body-reader.ts';
import type { DamageLog } from './damage-log.ts';
import { bodiesOf, type VersionRow } from './rows.ts';
import { asStoreError, storeDamaged } from './store-errors.ts';
import type { StoreReader, VersionWithBytes } from './store-reader.ts';

export interface BytesContext {
  readonly folder: string;
  readonly reader: StoreReader;
  readonly damage: DamageLog;
}

/** The bytes of a version whose row is sound. @throws KeepsakeError `KeeperStoreDamaged`, `VersionNotFound` */
export async function* versionBytes(
  context: BytesContext,
  row: VersionRow,
  range: ByteRange = { start: 0, end: row.size },
): AsyncGenerator<Uint8Array, void, void> {
  const { folder, reader, damage } = context;
  const { id, bucket, key } = row;
  try {
    const segments = reader.segmentsOfVersion(id);
    assertComplete(segments, row);
    yield* segmentBytes(context, segments, range);
  } catch (thrown) {
    const error = onDamagedPage(thrown);
    if (!(error instanceof BodyDamaged)) throw asStoreError(error, folder);
    if (!reader.version(id)) throw notHeld(`version ${id}`);
    damage.setVersionAside(id, { bucket, key, reason: error.message });
    throw storeDamaged(folder, `${JSON.stringify(`${bucket}/${key}`)}: ${error.message}`, error);
  }
}

/** The bytes of a version whose row is sound, when its one body is that which came with the row; undefined otherwise, damaged ones too. */
export function inlineBytes(row: VersionWithBytes): Uint8Array | undefined {
  const { inline: bytes, checks } = row;
  const [only, ...others] = bodiesOf(row);
  if (only !== row.body || others.length > 0 || bytes.length !== row.size) return undefined;
  for (let index = 0; index * blockBytes < bytes.length; index++) {
    const start = index * blockBytes;
    if (!isBlockSound(bytes.subarray(start, start + blockBytes), index, checks)) return undefined;
  }
  return bytes;
}

/** The bytes of a part of an upload. @throws KeepsakeError `KeeperStoreDamaged`, `VersionNotFound` */
export async function* partBytes(
  context: BytesContext,
  uploadId: string,
  partNumber: number,
): AsyncGenerator<Uint8Array, void, void> {
  const { folder, reader, damage } = context;
  const what = partName(partNumber, uploadId);
  const segment = reader.segmentOfPart(uploadId, partNumber);
  const upload = reader.upload(uploadId);
  if (!segment || !upload) throw notHeld(what);
  try {
    yield* segmentBytes(context, [segment], { start: 0, end: segment.sizeBytes });
  } catch (thrown) {
    const error = onDamagedPage(thrown);
    if (!(error instanceof BodyDamaged)) throw asStoreError(error, folder);
    if (reader.segmentOfPart(uploadId, partNumber)?.body !== segment.body) throw notHeld(what);
    damage.note({ bucket: upload.bucket, key: upload.key, reason: `${what}: ${error.message}` });
    throw storeDamaged(folder, `${what}: ${error.message}`, error);
  }
}

// A page of the database that can't be read is damage to this body, not to the store.
function onDamagedPage(error: unknown): unknown {
  const isDamaged = error instanceof KeepsakeError && error.code === 'KeeperStoreDamaged';
  return isDamaged ? new BodyDamaged('its bytes are on a damaged page of the database', { cause: error }) : error;
}

/** The error of the catalogue for a thing that is not held. */
export function notHeld(what: string): KeepsakeError {
  return new KeepsakeError('VersionNotFound', { what: `the keeper holds no ${what}` });
}

export function partName(partNumber: number, uploadId: string): string {
  return `part ${partNumber} of upload ${uploadId}`;
}

function segmentBytes(
  { folder, reader }: BytesContext,
  segments: readonly Segment[],
  range: ByteRange,
): AsyncGenerator<Uint8Array, void, void> {
  const inlineBytes = (body: number) => reader.inlineBytes(body);
  return readSegments(segments, range, { bodiesFolder: path.join(folder, 'bodies'), inlineBytes });
}

// The row names its bodies under its own check: what is read is what was put, not merely something sound.
function assertComplete(segments: readonly Segment[], row: VersionRow): void {
  const bodies = bodiesOf(row);
  const isSame = segments.length === bodies.length && segments.every(({ body }, index) => body === bodies[index]);
  const sum = segments.reduce((total, segment) => total + segment.sizeBytes, 0);
  if (!isSame || sum !== row.size) throw new BodyDamaged('the list of its bodies is broken');
}
