// An image in its row, in its object's metadata and in JSON; the one place that knows how keys look.
import { v7 as uuidv7 } from 'uuid';

/** Every image lies under this prefix; what lies elsewhere in the bucket is none of ours. */
export const imagePrefix = 'images/';
/** Smaller copies of images, made when they are first asked for: derived, never links, deleted with their image. */
export const thumbnailPrefix = 'thumbnails/';
/** Where the reconciler puts objects aside. Outside `imagePrefix`, so that no listing of images meets them. */
export const quarantinePrefix = 'quarantine/';

/** The types we take, each with the ending its key gets. Type by content, not by name (P7). */
export const imageTypes = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/svg+xml': 'svg',
} as const;
export type ImageType = keyof typeof imageTypes;

export type ImageStatus = 'pending' | 'stored';

/** A row of the table `images`. `sizeBytes` and `sha256` (hex, lower case) are null while pending. */
export interface ImageRow {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly originalName: string;
  readonly contentType: string;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly status: ImageStatus;
  readonly uploadedAt: Date;
}

/**
 * An image as the API shows it. Times are ISO 8601, `image_url` is a path on the same origin. `width` and `height` are in
 * pixels as shown, upright; `frames` is more than 1 for an animation; `placeholder` is a ThumbHash in base64. These are null
 * where they are not known: images of before 0.2, files that do not say, rows made anew from an object.
 */
export interface ImageJson {
  readonly id: string;
  readonly title: string;
  readonly key: string;
  readonly image_url: string;
  readonly original_name: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly status: ImageStatus;
  readonly uploaded_at: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly frames: number | null;
  readonly placeholder: string | null;
  /** Smaller copies, narrowest first, for `srcset`. None for SVG and for images that are small already. */
  readonly thumbnails: readonly Thumbnail[];
}

/** `width` in pixels; `url` is a path on the same origin. */
export interface Thumbnail {
  readonly width: number;
  readonly url: string;
}

/** A page of the API; `next` is a path with its cursor, or null at the end. */
export interface Page<T> {
  readonly results: readonly T[];
  readonly next: string | null;
}

/** The object's key of an image: `images/<uuidv7>.<ext>`. The id is the row's too. */
export function imageKey(id: string, type: ImageType): string {
  return `${imagePrefix}${id}.${imageTypes[type]}`;
}

export const newImageId = uuidv7;

const keyPattern =
  /^images\/([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.(png|jpg|gif|webp|avif|svg)$/;

/** The id in a key of ours; undefined for any other key. */
export function idOfKey(key: string): string | undefined {
  return keyPattern.exec(key)?.[1];
}

/** Where the API serves an object: `/api/s3-image/{key}`, the key's slashes kept. */
export function imageUrl(key: string): string {
  return `/api/s3-image/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** Widths of thumbnails: a card of the gallery on a plain and on a dense screen, and a picture of its own. */
export const thumbnailWidths = [320, 640, 1280] as const;

/** The object of a thumbnail: `thumbnails/<width>/<id>.webp`. */
export function thumbnailKey(id: string, width: number): string {
  return `${thumbnailPrefix}${width}/${id}.webp`;
}

/**
 * The metadata that travels with the object, so that a row can be rebuilt from it. S3 user metadata is ASCII in
 * practice: values that may be Unicode are percent-encoded UTF-8. The name and title are cut to fit S3's 2 KiB of user
 * metadata. The SHA-256 is known only once the body has passed: it is `sha256` when known before, else S3's own
 * checksum (`x-amz-checksum-sha256`) carries it. The pixels' facts travel with it, under the same condition.
 */
export const metadataNames = {
  id: 'image-id',
  title: 'title',
  originalName: 'original-name',
  sha256: 'sha256',
  uploadedAt: 'uploaded-at',
  width: 'width',
  height: 'height',
  orientation: 'orientation',
  frames: 'frames',
  placeholder: 'thumbhash',
} as const;

/** The facts about an image's pixels, each null where it is not. */
interface PixelFacts {
  readonly width: number | null;
  readonly height: number | null;
  readonly orientation: number | null;
  readonly frames: number | null;
  readonly placeholder: string | null;
}

/** S3 user metadata for an image (names without `x-amz-meta-`). */
export function toObjectMetadata(
  image: Pick<ImageRow, 'id' | 'title' | 'originalName' | 'uploadedAt'> &
    Partial<PixelFacts> & { readonly sha256?: string | undefined },
): Record<string, string> {
  const facts = (['width', 'height', 'orientation', 'frames', 'placeholder'] as const).flatMap((name) => {
    const value = image[name];
    return value === undefined || value === null ? [] : [[metadataNames[name], String(value)] as const];
  });
  return {
    [metadataNames.id]: image.id,
    [metadataNames.title]: encodeCut(image.title, 700),
    [metadataNames.originalName]: encodeCut(image.originalName, 700),
    [metadataNames.uploadedAt]: image.uploadedAt.toISOString(),
    ...(image.sha256 && { [metadataNames.sha256]: image.sha256 }),
    ...Object.fromEntries(facts),
  };
}

/** Reads what `toObjectMetadata` wrote; a field that is absent or broken is undefined. */
export function fromObjectMetadata(metadata: Readonly<Record<string, string>>): {
  readonly id?: string;
  readonly title?: string;
  readonly originalName?: string;
  readonly sha256?: string;
  readonly uploadedAt?: Date;
} {
  const uploadedAt = new Date(metadata[metadataNames.uploadedAt] ?? '');
  const id = metadata[metadataNames.id];
  const title = decodeSafely(metadata[metadataNames.title]);
  const originalName = decodeSafely(metadata[metadataNames.originalName]);
  const sha256 = metadata[metadataNames.sha256];
  return {
    ...(id && { id }),
    ...(title !== undefined && { title }),
    ...(originalName !== undefined && { originalName }),
    ...(sha256 && /^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
    ...(!Number.isNaN(uploadedAt.getTime()) && { uploadedAt }),
  };
}

function encodeCut(text: string, maxBytes: number): string {
  let encoded = '';
  for (const character of text.toWellFormed()) {
    const next = encodeURIComponent(character);
    if (encoded.length + next.length > maxBytes) break;
    encoded += next;
  }
  return encoded;
}

function decodeSafely(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined; // not of our writing: absent, as the contract says
  }
}
