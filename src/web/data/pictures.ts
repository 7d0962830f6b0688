// Which bytes a picture is shown from, and its colour until they are there.
import { thumbHashToAverageRGBA } from 'thumbhash';
import type { ImageJson } from '../../shared/image.ts';

/** The `srcset` of an image: its smaller copies up to `maxWidth` pixels, then itself; empty when there are none. An animation moves only as itself. */
export function srcsetOf(image: ImageJson, maxWidth = Number.POSITIVE_INFINITY): string {
  const { thumbnails, width, frames, image_url } = image;
  const copies = thumbnails.filter((copy) => copy.width <= maxWidth);
  if (copies.length === 0 || (frames ?? 1) > 1) return '';
  const candidates = copies.map((copy) => `${copy.url} ${copy.width}w`);
  const isWhole = maxWidth === Number.POSITIVE_INFINITY && width !== null;
  return (isWhole ? [...candidates, `${image_url} ${width}w`] : candidates).join(', ');
}

/** The average colour of an image, as CSS; empty where it is not known. */
export function toneOf({ placeholder }: ImageJson): string {
  if (placeholder === null) return '';
  const hash = Uint8Array.from(atob(placeholder), (character) => character.charCodeAt(0));
  const { r, g, b, a } = thumbHashToAverageRGBA(hash);
  return `rgb(${[r, g, b].map((channel) => Math.round(channel * 255)).join(' ')} / ${a.toFixed(2)})`;
}
