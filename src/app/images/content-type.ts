// What a file is, by its content: never by its name, nor by what the client says (P7).
import { fileTypeFromBuffer } from 'file-type';
import { KeepsakeError } from '../../shared/errors.ts';
import { type ImageType, imageTypes } from '../../shared/image.ts';
import { isSvg } from './svg.ts';

/** As much of a file as is looked at: more than file-type reads, and the prologue of any honest SVG. */
const headBytes = 64 * 1024;

/**
 * The type of an image by its first bytes.
 * @throws KeepsakeError `UnsupportedMediaType` for anything that is none of the types we take.
 */
export async function detectImageType(body: Buffer): Promise<ImageType> {
  const head = body.subarray(0, headBytes);
  const found = (await fileTypeFromBuffer(head))?.mime;
  if (found === 'image/apng') return 'image/png'; // an animated PNG is a PNG
  if (isImageType(found)) return found;
  if (isSvg(head)) return 'image/svg+xml';
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
