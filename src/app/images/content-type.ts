// The type of a file, by its content: never by its name, nor by what the client says (P7).
import { fileTypeFromBuffer } from 'file-type';
import { KeepsakeError } from '../../shared/errors.ts';
import { type ImageType, imageTypes } from '../../shared/image.ts';
import { mayBeSvg } from './svg.ts';

/** As much of a file as is looked at: more than file-type reads, and the prologue of any honest SVG. */
const headBytes = 64 * 1024;

/**
 * The type of an image by its first bytes. Whether all of it can be shown is another question (inspect/).
 * @throws KeepsakeError `UnsupportedMediaType` for anything that is none of the types we take.
 */
export async function detectImageType(body: Buffer): Promise<ImageType> {
  const head = body.subarray(0, headBytes);
  const found = (await fileTypeFromBuffer(head))?.mime;
  if (found === 'image/apng') return 'image/png'; // an animated PNG is a PNG
  if (isImageType(found)) return found;
  if (isAvif(head)) return 'image/avif';
  if (mayBeSvg(head)) return 'image/svg+xml';
  throw new KeepsakeError('UnsupportedMediaType', {
    what: 'the content of the file is no image that can be taken',
    expected: 'PNG, JPEG, GIF, WebP, AVIF or SVG',
    got: found ?? 'a content of unknown type',
    remedy: 'Convert the image; its name and declared type do not matter.',
  });
}

function isImageType(type: string | undefined): type is ImageType {
  return type !== undefined && type in imageTypes;
}

// AVIF by its major brand or by any compatible one, as browsers see it: writers put mif1, miaf, MA1A or avio first, too.
// Source: ISO/IEC 14496-12, 4.3 (`ftyp`); AV1 Image File Format, "Brands".
function isAvif(head: Buffer): boolean {
  if (head.toString('latin1', 4, 8) !== 'ftyp') return false;
  const brands = head.toString('latin1', 8, Math.min(head.readUInt32BE(0), 1024));
  return /^(?:.{4})*?(?:avif|avis)/s.test(brands);
}
