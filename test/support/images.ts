// Real images for tests, without an image library: each one decodes in a browser, and the same arguments give the same
// bytes. Any size can be asked for; what pads it lies where decoders of that type skip it.
import { createCipheriv } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { type ImageType, imageTypes } from '../../src/shared/image.ts';

/** All types that the API takes, in a fixed order. */
export const allImageTypes = Object.keys(imageTypes) as readonly ImageType[];

/** A PNG of soft coloured bands; another seed gives other colours and bands. */
export function pngImage(options: { readonly width: number; readonly height: number; readonly seed: number }): Buffer {
  const { width, height } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, no filter method but 0, not interlaced
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(paint(options))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The smallest image of a type that we keep: 16 × 16 (the GIF 1 × 1). */
export function smallImage(type: ImageType): Buffer {
  return Buffer.from(smallImages[type]);
}

/**
 * An image of exactly `sizeBytes`, filled with bytes that depend on the seed and don't compress.
 * @throws RangeError when an image of that type can't be so small
 */
export function paddedImage(type: ImageType, sizeBytes: number, seed: number): Buffer {
  const { overheadBytes, wrap } = paddings[type];
  const fillBytes = sizeBytes - smallImages[type].length - overheadBytes;
  if (fillBytes < 0)
    throw new RangeError(`${type} can't be padded to ${sizeBytes} bytes, only from ${sizeBytes - fillBytes}`);
  const padded = wrap(smallImages[type], noise(fillBytes, seed));
  if (padded.length !== sizeBytes) throw new Error(`${type}: ${padded.length} bytes instead of ${sizeBytes}`);
  return padded;
}

interface Padding {
  readonly overheadBytes: number;
  readonly wrap: (image: Buffer, fill: Buffer) => Buffer;
}

const afterTheEnd: Padding = { overheadBytes: 0, wrap: (image, fill) => Buffer.concat([image, fill]) };
const pngEndBytes = 12;
const svgEnd = '</svg>';

const paddings: Readonly<Record<ImageType, Padding>> = {
  'image/jpeg': afterTheEnd, // decoders stop at the end marker
  'image/gif': afterTheEnd, // and at the trailer
  'image/webp': afterTheEnd, // and where RIFF's header says that it ends
  'image/png': {
    overheadBytes: 12,
    wrap: (image, fill) =>
      Buffer.concat([image.subarray(0, -pngEndBytes), pngChunk('kpAd', fill), image.subarray(-pngEndBytes)]),
  },
  'image/avif': {
    overheadBytes: 8,
    wrap: (image, fill) => Buffer.concat([image, uint32(fill.length + 8), Buffer.from('free'), fill]),
  },
  'image/svg+xml': {
    overheadBytes: 7,
    wrap: (image, fill) => {
      const text = fill.toString('hex').slice(0, fill.length);
      return Buffer.from(image.toString().replace(svgEnd, `<!--${text}-->${svgEnd}`));
    },
  },
};

function pngChunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  return Buffer.concat([uint32(body.length), typed, uint32(crc32(typed))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Rows of RGB, each begun by its filter byte 0. */
function paint({ width, height, seed }: { width: number; height: number; seed: number }): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  const hue = seed * 2.4; // about the golden angle: neighbours differ
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const wave = Math.sin(u * 5 + seed) * 0.12 + Math.sin(u * 11 - seed * 2) * 0.05;
      const band = Math.floor((v + wave) * 6) / 6;
      const light = 0.62 - band * 0.35 + (1 - v) * 0.1;
      const at = y * (1 + width * 3) + 1 + x * 3;
      for (let channel = 0; channel < 3; channel++) {
        const tone = 0.5 + 0.5 * Math.cos(hue + band * 1.6 + (channel * 2 * Math.PI) / 3);
        rows[at + channel] = Math.round(255 * Math.min(1, Math.max(0, light * 0.55 + tone * 0.45)));
      }
    }
  }
  return rows;
}

/** Bytes that look random and depend on the seed only. */
function noise(sizeBytes: number, seed: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeDoubleBE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

const smallImages: Readonly<Record<ImageType, Buffer>> = {
  'image/png': pngImage({ width: 16, height: 16, seed: 1 }),
  'image/jpeg': Buffer.from(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1x' +
      'eXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAAR' +
      'CAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAbEAACAgMBAAAAAAAAAAAAAAAREwVhABUjQv/EABUBAQEAAAAAAAAA' +
      'AAAAAAAAAAIF/8QAGxEAAAcBAAAAAAAAAAAAAAAAABMjMVFigZH/2gAMAwEAAhEDEQA/AJxcbsW9lrHkkm6xKRuuV2Yw+QALvEXJa5vFjB6A' +
      'Bq8SklsVcVrPokiqwrHVyOuJ6BF9njD/2Q==',
    'base64',
  ),
  'image/gif': Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
  'image/webp': Buffer.from(
    'UklGRmoAAABXRUJQVlA4IF4AAAAwAwCdASoQABAAAsBMJbACdF8AfoBd//oAbtV+wHwgBEwAAP7Fvf9rD//and//2hK/e5L0cjPkghnB4fD/' +
      '/YuO/NFA3IP6pTLtc2v6g3gPyuj7OYDf2ICTJkgTsuAA',
    'base64',
  ),
  'image/avif': Buffer.from(
    'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2' +
      'aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAACEAAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAx' +
      'Q29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAABAAAAAQAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgSAAAAAAABNjb2xybmNs' +
      'eAABAA0ABoAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACltZGF0EgAKCDgM/9lAQ0GkMhNGMAAAEBA1emr025QBJOeWsBjr',
    'base64',
  ),
  'image/svg+xml': Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" fill="#0a7d77"/>' +
      '<rect x="4" y="4" width="8" height="8" fill="#ffd166"/></svg>',
  ),
};
