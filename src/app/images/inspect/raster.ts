// Decodes a raster image to its end with libvips. A file that is cut or whose checksums are wrong is refused, although
// some browsers show the part that is there. Its owner did not mean to keep such a file (decision 20).
import { open } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import type { ImageType } from '../../../shared/image.ts';
import {
  type Drawing,
  type DrawJob,
  type ImageFacts,
  type ImageSource,
  type Inspection,
  type InspectJob,
  type Refused,
  refuse,
} from './facts.ts';

// One job at a time, nothing kept between jobs: memory follows the image at hand.
sharp.cache(false);
sharp.concurrency(1);

/** ThumbHash takes at most 100 pixels a side. */
const placeholderSide = 100;
/** An animation of more pixels in all is decoded in its first frame only. */
const maxAnimationPixels = 64 * 1024 ** 2;

/** Looks at all of a raster image. Never rejects for what is in the image. */
export async function inspectRaster(job: InspectJob): Promise<Inspection> {
  return withinLimits(job, async (header, height) => {
    const { width, pages = 1 } = header;
    const isAnimation = pages > 1 && width * height * pages <= maxAnimationPixels;
    if (isAnimation) await decodeAllFrames(job.source);
    const placeholder = await drawPlaceholder(job.source);
    return { kind: 'image', facts: factsOf(header, height, placeholder) };
  });
}

/** Draws a raster image smaller, upright, its first frame, in sRGB without metadata. Never rejects for what is in the image. */
export async function drawRaster(job: DrawJob): Promise<Drawing> {
  return withinLimits(job, async () => {
    const bytes = await sharp(job.source, { failOn: 'error', limitInputPixels: false, sequentialRead: true })
      .autoOrient()
      .resize({ width: job.width, withoutEnlargement: true })
      .webp({ quality: 78, effort: 3 })
      .toBuffer();
    return { kind: 'drawn', bytes };
  });
}

async function withinLimits<T>(
  { source, type, maxPixels, maxMemoryBytes }: InspectJob,
  work: (header: Metadata, height: number) => Promise<T>,
): Promise<T | Refused> {
  if (type === 'image/avif') await nameAvif(source);
  const header = await readHeader(source);
  if (header === undefined) return refuse({ kind: 'damaged', got: 'a file without a readable header' });
  const height = header.pageHeight ?? header.height;
  const size = `${header.width} × ${height} pixels`;
  if (header.width * height > maxPixels) return refuse({ kind: 'too-many-pixels', got: size });
  const memoryBytes = header.width * height * bytesAPixel(type, header);
  if (memoryBytes > maxMemoryBytes) return refuse({ kind: 'too-much-memory', got: size });
  try {
    return await work(header, height);
  } catch (error) {
    return refuse({ kind: 'damaged', got: reasonOf(error) });
  }
}

function factsOf(header: Metadata, height: number, placeholder: string): ImageFacts {
  const { width, orientation = 1, pages = 1 } = header;
  const isStill = header.format === 'heif'; // pages of HEIF are images beside the one that is shown
  return { width, height, orientation, frames: isStill ? 1 : pages, placeholder };
}

// Limits are ours to judge: the size is in the header, before a pixel is decoded.
async function readHeader(source: ImageSource): Promise<Metadata | undefined> {
  try {
    return await sharp(source, { limitInputPixels: false, failOn: 'error' }).metadata();
  } catch {
    return undefined; // libvips can't read it: the caller says so
  }
}

async function decodeAllFrames(source: ImageSource): Promise<void> {
  await sharp(source, { failOn: 'error', limitInputPixels: false, pages: -1 }).resize(8, 8).raw().toBuffer();
}

async function drawPlaceholder(source: ImageSource): Promise<string> {
  const { data, info } = await sharp(source, { failOn: 'error', limitInputPixels: false, sequentialRead: true })
    .autoOrient()
    .resize(placeholderSide, placeholderSide, { fit: 'inside' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}

/** An upper bound of what libvips holds for each pixel: nothing where it decodes row by row. */
function bytesAPixel(type: ImageType, { isProgressive, depth }: Metadata): number {
  const sample = depth === 'uchar' ? 1 : 2;
  switch (type) {
    case 'image/jpeg':
      return isProgressive ? 6 : 0; // coefficients of three channels, two bytes each, until the last scan
    case 'image/png':
      return isProgressive ? 4 * sample : 0; // Adam7: seven passes over the whole image
    default:
      return 8 * sample; // a canvas and a decoded frame of four channels
  }
}

// A file whose major brand is another (mif1, miaf, MA1A, avio, …) is AVIF by its compatible brands; libvips looks at the
// major one only. Written over in the copy at hand, never in what is stored. Source: AV1 Image File Format, "Brands".
async function nameAvif(source: ImageSource): Promise<void> {
  const brand = Buffer.from('avif');
  if (typeof source !== 'string') {
    if (source.length >= 12) source.set(brand, 8);
    return;
  }
  const file = await open(source, 'r+');
  await file.write(brand, 0, brand.length, 8).finally(() => file.close());
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = ''] = text.replaceAll(/\S*\/\S+: /g, '').split('\n'); // paths of ours mean nothing to the sender
  return /unknown error|^$/i.test(line) ? 'data that ends too early or is damaged' : line.slice(0, 120);
}
