// A body of any length as parts of one size, with one part in memory at a time however small its chunks are.
import { KeepsakeError } from '../../shared/errors.ts';

/** S3's smallest part (all but the last). Source: S3 user guide, "Multipart upload limits". */
export const partBytes = 5 * 1024 ** 2;

const firstBufferBytes = 64 * 1024;

/**
 * The body in parts of `partBytes`, the last one shorter; none for an empty body. Each part is the reader's own.
 * @throws KeepsakeError `UploadTooLarge` as soon as more than `maxBytes` have come.
 */
export async function* partsOf(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer, void, void> {
  let part = Buffer.allocUnsafeSlow(firstBufferBytes);
  let filled = 0;
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes, `more than ${maxBytes} bytes`);
    for (let rest: Buffer = chunk; rest.length > 0; ) {
      if (filled === part.length) part = grown(part);
      const copied = rest.copy(part, filled);
      filled += copied;
      rest = rest.subarray(copied);
      if (filled < partBytes) continue;
      yield part;
      part = Buffer.allocUnsafeSlow(firstBufferBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/** `got` says how large the body is, as far as that is known. */
export function tooLarge(maxBytes: number, got: string): KeepsakeError {
  return new KeepsakeError('UploadTooLarge', {
    what: 'the image is too large',
    expected: `at most ${maxBytes} bytes`,
    got,
    remedy: 'Send a smaller image, or raise MAX_UPLOAD_SIZE.',
  });
}

function grown(part: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.min(part.length * 2, partBytes));
  part.copy(larger);
  return larger;
}
