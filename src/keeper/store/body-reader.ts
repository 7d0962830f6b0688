// Reads a body's bytes back, block by block, each verified before it is handed out: nothing torn is ever served, and
// no more than one block is in memory.
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { blockBytes, isBlockSound } from './block-checks.ts';

/** One body of a version. */
export interface Segment {
  readonly body: number;
  readonly sizeBytes: number;
  readonly checks: Uint8Array;
  /** Its name in bodies/; null when it is inline. */
  readonly file: string | null;
}

export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface BodyPlaces {
  readonly bodiesFolder: string;
  inlineBytes(body: number): Uint8Array | undefined;
}

/** The bytes can't be had, or are not what was written. `message` is the reason. */
export class BodyDamaged extends Error {}

/** The bytes of all segments, in order, within `range`. @throws BodyDamaged; errors of the file system as they come */
export async function* readSegments(
  segments: readonly Segment[],
  range: ByteRange,
  places: BodyPlaces,
): AsyncGenerator<Uint8Array, void, void> {
  let offset = 0;
  for (const segment of segments) {
    const start = Math.max(range.start - offset, 0);
    const end = Math.min(range.end - offset, segment.sizeBytes);
    if (start < end) yield* readSegment(segment, { start, end }, places);
    offset += segment.sizeBytes;
  }
}

async function* readSegment(
  segment: Segment,
  range: ByteRange,
  places: BodyPlaces,
): AsyncGenerator<Uint8Array, void, void> {
  if (segment.file === null) {
    const bytes = places.inlineBytes(segment.body);
    if (bytes?.length !== segment.sizeBytes) throw new BodyDamaged('its bytes are not in the database');
    for (const block of blocksOf(segment, range)) yield sound(bytes.subarray(block.start, block.end), block, segment);
    return;
  }
  await using file = await openBody(path.join(places.bodiesFolder, segment.file));
  for (const block of blocksOf(segment, range)) yield sound(await readBlock(file, block), block, segment);
}

interface Block extends ByteRange {
  readonly index: number;
  /** The part of the block that is wanted, counted from the block's start. */
  readonly wanted: ByteRange;
}

function* blocksOf({ sizeBytes }: Segment, range: ByteRange): Generator<Block, void, void> {
  for (let index = Math.floor(range.start / blockBytes); index * blockBytes < range.end; index++) {
    const start = index * blockBytes;
    const end = Math.min(start + blockBytes, sizeBytes);
    const wanted = { start: Math.max(range.start - start, 0), end: Math.min(range.end, end) - start };
    yield { index, start, end, wanted };
  }
}

function sound(bytes: Uint8Array, { index, wanted }: Block, { checks }: Segment): Uint8Array {
  if (!isBlockSound(bytes, index, checks)) {
    throw new BodyDamaged(`its bytes do not match their checksum (block ${index} of 256 KiB)`);
  }
  return bytes.subarray(wanted.start, wanted.end);
}

async function openBody(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BodyDamaged('its file is missing', { cause: error });
  }
}

async function readBlock(file: FileHandle, { start, end }: Block): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled).catch(unreadable);
    if (bytesRead === 0) throw new BodyDamaged('its file is cut short');
    filled += bytesRead;
  }
  return bytes;
}

// A sector that can't be read is damage to this body; any other fault is the folder's.
function unreadable(error: NodeJS.ErrnoException): never {
  throw error.code === 'EIO' ? new BodyDamaged('the disk can not read its file', { cause: error }) : error;
}
