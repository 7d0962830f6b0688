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

const bodyWithLineOf = (lineBytes: number): string => `0;${'a'.repeat(lineBytes - 3)}\r\n\r\n`;

test.each([
  ['as long as a line may be', 8 * 1024, true],
  ['a byte longer', 8 * 1024 + 1, false],
])('a line %s, in one piece or byte by byte', (_what, lineBytes, isComplete) => {
  const encoded = Buffer.from(bodyWithLineOf(lineBytes));
  expect(decode(encoded, []).isComplete).toBe(isComplete);
  expect(decode(encoded, [...encoded.keys()]).isComplete).toBe(isComplete);
});

test.each([
  ['each line is counted by itself', `1;${'a'.repeat(6000)}\r\nx\r\n0;${'a'.repeat(6000)}\r\n\r\n`, true],
  ['a size of 12 digits is the longest', '000000000001\r\nx\r\n0\r\n\r\n', true],
  ['a size of 13 digits is none', '0000000000001\r\nx\r\n0\r\n\r\n', false],
  ['the last line may be the end', '1\r\nx\r\n0\r\n', true],
  ['a trailer that is cut is no end', '1\r\nx\r\n0\r\nx-amz-checksum', false],
  ['a trailer without a colon is a fault', '1\r\nx\r\n0\r\nnothing\r\n\r\n', false],
  ['a trailer without a name is a fault', '1\r\nx\r\n0\r\n:value\r\n\r\n', false],
  ['a fault is final', '1\r\nx!\r\n0\r\n\r\n0\r\n\r\n', false],
  ['lines may end in a line feed alone', '1\nx\n0\n\n', true],
  ['nothing is no body', '', false],
])('%s', (_what, text, isComplete) => {
  expect(decode(Buffer.from(text), []).isComplete).toBe(isComplete);
});

test('after its end and after a fault nothing is payload', () => {
  expect(decode(Buffer.from('1\r\nx\r\n0\r\n\r\n3\r\nabc\r\n'), [])).toMatchObject({
    payload: Buffer.from('x'),
    isComplete: true,
    trailers: {},
  });
  expect(decode(Buffer.from('1\r\nx!\r\n3\r\nabc\r\n'), []).payload.toString()).toBe('x');
});
