// The gallery's images as a value: what is loaded, newest first, and where the next page is. No image appears twice.
import type { ImageJson, Page } from '../../shared/image.ts';

export interface ImageList {
  readonly images: readonly ImageJson[];
  /** Path of the next page; null at the end, and before the first page. */
  readonly next: string | null;
  readonly isStarted: boolean;
}

export const emptyList: ImageList = { images: [], next: null, isStarted: false };

/** Whether there is more to load. */
export function hasMore(list: ImageList): boolean {
  return !list.isStarted || list.next !== null;
}

export function withPage(list: ImageList, page: Page<ImageJson>): ImageList {
  const known = new Set(list.images.map((image) => image.id));
  const added = page.results.filter((image) => !known.has(image.id));
  // In order even when `withImage` put an image that lies on a page not loaded yet.
  return { images: [...list.images, ...added].sort(byNewest), next: page.next, isStarted: true };
}

/** With an image at its place in the order; one with the same id is replaced. */
export function withImage(list: ImageList, image: ImageJson): ImageList {
  return { ...list, images: [...withoutImage(list, image.id).images, image].sort(byNewest) };
}

export function withoutImage(list: ImageList, id: string): ImageList {
  return { ...list, images: list.images.filter((image) => image.id !== id) };
}

/** The images cut in runs of `size`; the last may be shorter. */
export function inChunks(images: readonly ImageJson[], size: number): readonly (readonly ImageJson[])[] {
  const count = Math.ceil(images.length / size);
  return Array.from({ length: count }, (_, index) => images.slice(index * size, (index + 1) * size));
}

function byNewest(one: ImageJson, other: ImageJson): number {
  const laterMs = Date.parse(other.uploaded_at) - Date.parse(one.uploaded_at);
  return laterMs || (one.id < other.id ? 1 : -1);
}
