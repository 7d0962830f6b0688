// An image as clients see it: the schema that describes it, and the way from its row.
import { z } from 'zod';
import { type ImageJson, type ImageRow, imageUrl, type Thumbnail, thumbnailWidths } from '../../shared/image.ts';
import { paths } from '../../shared/names.ts';
import type { ImageFacts } from './inspect/facts.ts';

export const titleSchema = z.string().trim().max(200, 'at most 200 characters');

export const imageSchema: z.ZodType<ImageJson> = z.object({
  id: z.uuid(),
  title: z.string(),
  key: z.string(),
  image_url: z.string(),
  original_name: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  sha256: z.string(),
  status: z.enum(['pending', 'stored']),
  uploaded_at: z.iso.datetime(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  frames: z.int().nullable(),
  placeholder: z.string().nullable(),
  thumbnails: z.array(z.object({ width: z.int(), url: z.string() })),
});

/** A row's facts about its pixels: all null for images that were stored before they were decoded. */
export type StoredFacts = { readonly [Fact in keyof ImageFacts]: ImageFacts[Fact] | null };

/** A row that is stored: its size and checksum are known (the table's own check). */
export type StoredImage = ImageRow & StoredFacts & { readonly sizeBytes: number; readonly sha256: string };

export function toImageJson(image: StoredImage): ImageJson {
  // As shown: an orientation of 5 to 8 lies on its side.
  const [width, height] = (image.orientation ?? 1) > 4 ? [image.height, image.width] : [image.width, image.height];
  return {
    id: image.id,
    title: image.title,
    key: image.key,
    image_url: imageUrl(image.key),
    original_name: image.originalName,
    content_type: image.contentType,
    size_bytes: image.sizeBytes,
    sha256: image.sha256,
    status: image.status,
    uploaded_at: image.uploadedAt.toISOString(),
    width,
    height,
    frames: image.frames,
    placeholder: image.placeholder,
    thumbnails: thumbnailsOf(image, width),
  };
}

// Smaller in pixels, and no small file to begin with. An SVG is drawn sharp at any size by the browser.
function thumbnailsOf({ key, contentType, sizeBytes }: StoredImage, shownWidth: number | null): Thumbnail[] {
  if (contentType === 'image/svg+xml' || sizeBytes <= smallBytes) return [];
  return thumbnailWidths
    .filter((width) => shownWidth === null || width < shownWidth)
    .map((width) => ({ width, url: `${paths.thumbnail}${width}/${key}` }));
}

/** A file that needs no smaller copy. */
const smallBytes = 32 * 1024;
