import { expect, test } from 'vitest';
import { allImageTypes, pngImage, smallImage } from '../../../test/support/images.ts';
import { detectImageType } from './content-type.ts';

test.each(allImageTypes)('knows %s by its content', async (type) => {
  expect(await detectImageType(smallImage(type))).toBe(type);
});

test('knows a PNG whose colour profile is longer than what is looked at', async () => {
  const png = pngImage({ width: 2, height: 2, seed: 1 });
  const profile = Buffer.concat([Buffer.from([0, 2, 0, 0]), Buffer.from('iCCP'), Buffer.alloc(128 * 1024 + 4)]);
  expect(await detectImageType(Buffer.concat([png.subarray(0, 33), profile, png.subarray(33)]))).toBe('image/png');
});

test.each([
  ['text', Buffer.from('hello')],
  ['nothing much', Buffer.from([0])],
  ['half a PNG signature', Buffer.from('\x89PN', 'latin1')],
  ['HTML', Buffer.from('<html><body><svg></svg></body></html>')],
  ['a BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)])],
  ['a PDF', Buffer.from('%PDF-1.7')],
])('refuses %s', async (_name, body) => {
  await expect(detectImageType(body)).rejects.toMatchObject({ code: 'UnsupportedMediaType' });
});
