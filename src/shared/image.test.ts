import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromObjectMetadata, idOfKey, imageKey, imageUrl, newImageId, toObjectMetadata } from './image.ts';

test('a row survives the way through its object, whatever its words', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      (title, originalName) => {
        const image = {
          id: newImageId(),
          title,
          originalName,
          uploadedAt: new Date(1_700_000_000_000),
          sha256: 'a'.repeat(64),
        };
        const metadata = toObjectMetadata(image);
        expect(Object.values(metadata).join('')).toMatch(/^[\x20-\x7e]*$/);
        expect(fromObjectMetadata(metadata)).toEqual(image);
      },
    ),
  );
});

test("cuts long words at a whole character, within S3's 2 KiB of user metadata", () => {
  const metadata = toObjectMetadata({
    id: newImageId(),
    title: '😀'.repeat(5000),
    originalName: 'é'.repeat(5000),
    uploadedAt: new Date(0),
    sha256: 'a'.repeat(64),
  });
  const sizeBytes = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(sizeBytes).toBeLessThan(2048);
  expect(fromObjectMetadata(metadata).title).toMatch(/^😀+$/u);
});

test('takes nothing from metadata of a stranger', () => {
  expect(fromObjectMetadata({ title: '%', sha256: 'short', 'uploaded-at': 'yesterday' })).toEqual({});
});

test('knows its own keys and no others', () => {
  const id = newImageId();
  expect(idOfKey(imageKey(id, 'image/png'))).toBe(id);
  for (const key of [
    `images/${id}`,
    `images/${id}.exe`,
    `images/../${id}.png`,
    `images/${id}.png/`,
    'images/x.png',
    '',
  ])
    expect(idOfKey(key)).toBeUndefined();
});

test('escapes a key in its URL, and leaves its slashes', () => {
  expect(imageUrl('images/a b?.png')).toBe('/api/s3-image/images/a%20b%3F.png');
});
