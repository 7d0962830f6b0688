import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAwsChunkedDecoder } from './aws-chunked.ts';

interface Chunked {
  readonly payload: Buffer;
  readonly encoded: Buffer;
}

function encode(chunks: readonly Uint8Array[], options: { isSigned: boolean; trailers: string }): Buffer {
  const extension = options.isSigned ? `;chunk-signature=${'0'.repeat(64)}` : '';
  const frames = chunks
    .filter((chunk) => chunk.length > 0)
    .flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from('\r\n')]);
  return Buffer.concat([...frames, Buffer.from(`0${extension}\r\n${options.trailers}\r\n`)]);
}

function decode(encoded: Buffer, cuts: readonly number[]) {
  const decoder = createAwsChunkedDecoder();
  const out: Buffer[] = [];
  const edges = [0, ...cuts.map((cut) => cut % (encoded.length + 1)).sort((a, b) => a - b), encoded.length];
  for (const [i, start] of edges.slice(0, -1).entries()) {
    const piece = Buffer.from(encoded.subarray(start, edges[i + 1]));
    out.push(...decoder.push(piece).map((view) => Buffer.from(view)));
    piece.fill(0xee); // the decoder may keep no view of what it was given
  }
  return { payload: Buffer.concat(out), isComplete: decoder.isComplete(), trailers: decoder.trailers() };
}

const chunked: fc.Arbitrary<Chunked> = fc
  .record({
    chunks: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
    isSigned: fc.boolean(),
    hasTrailer: fc.boolean(),
  })
  .map(({ chunks, isSigned, hasTrailer }) => ({
    payload: Buffer.concat(chunks),
    encoded: encode(chunks, { isSigned, trailers: hasTrailer ? 'x-amz-checksum-crc32:AAAAAA==\r\n' : '' }),
  }));

test('any cut of the input gives the same bytes', () => {
  fc.assert(
    fc.property(chunked, fc.array(fc.nat(4096), { maxLength: 12 }), ({ payload, encoded }, cuts) => {
      const decoded = decode(encoded, cuts);
      expect(decoded.payload.equals(payload)).toBe(true);
      expect(decoded.isComplete).toBe(true);
    }),
  );
});

test('a body cut short is not complete', () => {
  fc.assert(
    fc.property(chunked, fc.nat(), ({ encoded }, cut) => {
      // Up to the line feed after the last chunk's size: from there on nothing of the payload can be missing.
      const end = cut % (encoded.lastIndexOf('0\r\n') + 1);
      expect(decode(encoded.subarray(0, end), []).isComplete).toBe(false);
    }),
  );
});

test('reads trailers, signed ones too', () => {
  const encoded = encode([Buffer.from('hello')], {
    isSigned: true,
    trailers: 'x-amz-checksum-crc32:NhCmhg==\r\nX-Amz-Trailer-Signature: abc\r\n',
  });
  expect(decode(encoded, []).trailers).toEqual({
    'x-amz-checksum-crc32': 'NhCmhg==',
    'x-amz-trailer-signature': 'abc',
  });
});

test.each([
  ['no size', 'xyz\r\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-1\r\n\r\n0\r\n\r\n'],
  ['a chunk longer than said', '3\r\nabcdef\r\n0\r\n\r\n'],
  ['a line without end', 'a'.repeat(20_000)],
])('remembers a fault and never throws: %s', (_, text) => {
  expect(decode(Buffer.from(text), []).isComplete).toBe(false);
});
