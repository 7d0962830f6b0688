// Whole images are taken, damaged ones are refused: each kind in each format, and what browsers make of it (test/e2e).
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { allImageTypes, paddedImage, smallImage } from '../../../../test/support/images.ts';
import type { ImageType } from '../../../shared/image.ts';
import type { Inspection, InspectLimits } from './facts.ts';
import { inspectImage } from './inspect.ts';

const limits: InspectLimits = { maxPixels: 10_000_000, maxMemoryBytes: 64 * 1024 ** 2 };
const look = (type: ImageType, source: Uint8Array, within: Partial<InspectLimits> = {}): Promise<Inspection> =>
  inspectImage({ source: Buffer.from(source), type, ...limits, ...within });
const rasterTypes = allImageTypes.filter((type) => type !== 'image/svg+xml');
const photo = sharp({
  create: {
    width: 300,
    height: 200,
    channels: 3,
    background: '#0a7d77',
    noise: { type: 'gaussian', mean: 128, sigma: 30 },
  },
});
const photoOf = (format: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif', options = {}): Promise<Buffer> =>
  photo.clone().toFormat(format, options).toBuffer();
const damaged = { kind: 'refused', refusal: { kind: 'damaged', got: expect.stringMatching(/\S/) } };

test.each(allImageTypes)('takes a %s, padded or not', async (type) => {
  const size = type === 'image/gif' ? 1 : 16;
  const facts = { width: size, height: size, orientation: 1, frames: 1 };
  for (const image of [smallImage(type), paddedImage(type, 100_000, 1)])
    expect(await look(type, image)).toMatchObject({ kind: 'image', facts });
});

test.each(rasterTypes)('refuses a %s that is cut, wherever it is cut', async (type) => {
  const whole = await photoOf(type.slice(6) as 'png');
  expect(await look(type, whole)).toMatchObject({ kind: 'image', facts: { width: 300, height: 200 } });
  for (const share of [0, 0.01, 0.1, 0.5, 0.9, 0.99])
    expect(await look(type, whole.subarray(0, Math.floor(whole.length * share) + 3)), `${share}`).toMatchObject(
      damaged,
    );
});

test('refuses a PNG whose header or pixels have a wrong checksum', async () => {
  const png = await photoOf('png');
  for (const chunk of ['IHDR', 'IDAT']) {
    const at = png.indexOf(chunk);
    const broken = Buffer.from(png);
    broken.writeUInt32BE(crc32(Buffer.from('another')), at + 4 + png.readUInt32BE(at - 4));
    expect(await look('image/png', broken), chunk).toMatchObject(damaged);
  }
});

test('refuses an animation that is damaged after its first frame', async () => {
  const frames = sharp(Buffer.alloc(50 * 150 * 3, 77), {
    raw: { width: 50, height: 150, channels: 3, pageHeight: 50 },
  });
  const webp = await frames.webp({ delay: [100, 100, 100], minSize: false, mixed: true }).toBuffer();
  expect(await look('image/webp', webp)).toMatchObject({ kind: 'image', facts: { width: 50, height: 50 } });
  expect(await look('image/webp', webp.subarray(0, -9))).toMatchObject(damaged);
});

test('judges pixels and memory by the header, before anything is decoded', async () => {
  expect(await look('image/png', await photoOf('png'), { maxPixels: 59_999 })).toEqual({
    kind: 'refused',
    refusal: { kind: 'too-many-pixels', got: '300 × 200 pixels' },
  });
  const tooMuch = { kind: 'refused', refusal: { kind: 'too-much-memory' } };
  const little = { maxMemoryBytes: 60_000 };
  expect(await look('image/webp', await photoOf('webp'), little)).toMatchObject(tooMuch);
  expect(await look('image/jpeg', await photoOf('jpeg', { progressive: true }), little)).toMatchObject(tooMuch);
  expect(await look('image/jpeg', await photoOf('jpeg'), little)).toMatchObject({ kind: 'image' });
});

test('tells how a photo must be turned, and draws its preview upright', async () => {
  const turned = await photo.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(await look('image/jpeg', turned)).toMatchObject({ facts: { width: 300, height: 200, orientation: 6 } });
});

test.each([
  ['MA1A.avif', 'image/avif'],
  ['mif1.avif', 'image/avif'],
  ['entitybracket.svg', 'image/svg+xml'],
  ['utf16le.svg', 'image/svg+xml'],
] as const)('takes %s, which browsers show', async (name, type) => {
  expect(await look(type, fixture(name))).toMatchObject({ kind: 'image' });
});

test.each([
  ['gifts.txt', 'image/gif'],
  ['riff.webp', 'image/webp'],
  ['soi.jpg', 'image/jpeg'],
  ['ftyp.avif', 'image/avif'],
  ['sig33.png', 'image/png'],
  ['bomb.png', 'image/png'],
  ['nons.svg', 'image/svg+xml'],
  ['unclosed.svg', 'image/svg+xml'],
] as const)('refuses %s, which no browser shows', async (name, type) => {
  expect(await look(type, fixture(name))).toMatchObject(damaged);
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../../test/fixtures/images/${name}`, import.meta.url));
}
