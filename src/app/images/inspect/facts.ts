// The result of looking at a whole image: what its row keeps, or why no browser would show it.
import type { ImageType } from '../../../shared/image.ts';

/** Sizes in pixels as stored, before `orientation` turns them; null where the file does not say (SVG without a size). */
export interface ImageFacts {
  readonly width: number | null;
  readonly height: number | null;
  /** EXIF's 1 to 8: how the pixels must be turned to stand upright. Source: TIFF 6.0, tag 274. */
  readonly orientation: number;
  /** More than 1 for an animation. */
  readonly frames: number;
  /** ThumbHash in base64: some 25 bytes that draw a blurred preview. Null where none was made. */
  readonly placeholder: string | null;
}

/** How much an image may ask for. */
export interface InspectLimits {
  readonly maxPixels: number;
  /** The bytes that decoding may hold at once, estimated from the header. */
  readonly maxMemoryBytes: number;
}

/** The whole image: in memory, or a file whose first bytes may be written over. */
export type ImageSource = Uint8Array | string;

/** An image to be looked at. */
export interface InspectJob extends InspectLimits {
  readonly source: ImageSource;
  readonly type: ImageType;
}

/** An image to be drawn smaller, `width` pixels wide as shown. */
export interface DrawJob extends InspectJob {
  readonly width: number;
}

/** Why an image is refused. `got` ends the sentence "got …". */
export type Refusal =
  | { readonly kind: 'damaged'; readonly got: string }
  | { readonly kind: 'too-many-pixels'; readonly got: string }
  | { readonly kind: 'too-much-memory'; readonly got: string };

export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

export type Inspection = { readonly kind: 'image'; readonly facts: ImageFacts } | Refused;
/** `bytes`: a still WebP. */
export type Drawing = { readonly kind: 'drawn'; readonly bytes: Uint8Array } | Refused;

export const refuse = (refusal: Refusal): Refused => ({ kind: 'refused', refusal });
