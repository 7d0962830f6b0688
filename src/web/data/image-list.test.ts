import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImageJson } from '../../shared/image.ts';
import { emptyList, hasMore, inChunks, withImage, withoutImage, withPage } from './image-list.ts';

const image = (id: string, second: number, title = ''): ImageJson => ({
  id,
  title,
  key: `images/${id}.png`,
  image_url: `/api/s3-image/images/${id}.png`,
  original_name: `${id}.png`,
  content_type: 'image/png',
  size_bytes: 1,
  sha256: '0'.repeat(64),
  status: 'stored',
  uploaded_at: new Date(second * 1000).toISOString(),
  width: 16,
  height: 16,
  frames: 1,
  placeholder: null,
  thumbnails: [],
});
const idsOf = (list: { readonly images: readonly ImageJson[] }) => list.images.map(({ id }) => id).join('');

test('grows by pages to the end', () => {
  expect(hasMore(emptyList)).toBe(true);
  const first = withPage(emptyList, { results: [image('d', 4), image('c', 3)], next: '/api/images/?cursor=c' });
  expect([idsOf(first), hasMore(first)]).toEqual(['dc', true]);
  const all = withPage(first, { results: [image('b', 2), image('a', 1)], next: null });
  expect([idsOf(all), hasMore(all)]).toEqual(['dcba', false]);
});

test('a new upload comes first, and only once though a page brings it again', () => {
  const list = withImage(withPage(emptyList, { results: [image('b', 2)], next: 'more' }), image('c', 3));
  expect(idsOf(withPage(list, { results: [image('c', 3), image('a', 1)], next: null }))).toBe('cba');
});

test('a changed image keeps its place', () => {
  const list = withPage(emptyList, { results: [image('c', 3), image('b', 2), image('a', 1)], next: null });
  const changed = withImage(list, image('b', 2, 'new'));
  expect(idsOf(changed)).toBe('cba');
  expect(changed.images[1]?.title).toBe('new');
  expect(idsOf(withoutImage(changed, 'b'))).toBe('ca');
});

test('whatever comes in whatever order, each image is there once, newest first', () => {
  const some = fc.record({ id: fc.constantFrom(...'abcdefgh'), isPage: fc.boolean() });
  fc.assert(
    fc.property(fc.array(some), (steps) => {
      const list = steps.reduce((before, { id, isPage }) => {
        const one = image(id, Math.floor(id.charCodeAt(0) / 2)); // pairs share a time
        return isPage ? withPage(before, { results: [one], next: null }) : withImage(before, one);
      }, emptyList);
      expect(idsOf(list)).toBe([...new Set(steps.map(({ id }) => id))].sort().reverse().join(''));
    }),
  );
});

test('chunks hold all images in order, and only the last is shorter', () => {
  const images = Array.from({ length: 7 }, (_, index) => image(String(index), index));
  expect(inChunks(images, 3).map((chunk) => idsOf({ images: chunk }))).toEqual(['012', '345', '6']);
  expect(inChunks([], 3)).toEqual([]);
});
