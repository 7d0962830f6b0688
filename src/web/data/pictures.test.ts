import { expect, test } from 'vitest';
import type { ImageJson } from '../../shared/image.ts';
import { srcsetOf, toneOf } from './pictures.ts';

const image = {
  image_url: '/api/s3-image/images/a.jpg',
  width: 4000,
  frames: 1,
  placeholder: null,
  thumbnails: [
    { width: 320, url: '/api/thumbnails/320/images/a.jpg' },
    { width: 1280, url: '/api/thumbnails/1280/images/a.jpg' },
  ],
} as unknown as ImageJson;

test('a card never loads the whole image, a page of its own may', () => {
  expect(srcsetOf(image, 640)).toBe('/api/thumbnails/320/images/a.jpg 320w');
  expect(srcsetOf(image)).toBe(
    '/api/thumbnails/320/images/a.jpg 320w, /api/thumbnails/1280/images/a.jpg 1280w, /api/s3-image/images/a.jpg 4000w',
  );
});

test('an animation is shown as itself, and so is what has no smaller copy', () => {
  expect(srcsetOf({ ...image, frames: 3 })).toBe('');
  expect(srcsetOf({ ...image, thumbnails: [] })).toBe('');
});

test('the colour until a picture is there comes of its placeholder', () => {
  expect(toneOf(image)).toBe('');
  expect(toneOf({ ...image, placeholder: 'HwgCBYCJeHeGupiYiHf0F5ulf6qP' })).toMatch(
    /^rgb\(\d+ \d+ \d+ \/ [01]\.\d\d\)$/,
  );
});
