// Decodes `aws-chunked` bodies as they pass: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0[;…]\r\n[trailers]\r\n`.
// Source: S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
// Chunks" and "Working with trailing headers". Any cut of the input gives the same bytes; nothing but a line is buffered.

/** A decoder for one body. A framing fault is remembered, never thrown: whether the body is good, the emulator says. */
export interface AwsChunkedDecoder {
  /** The payload in `chunk`, as views of it. */
  push(chunk: Buffer): readonly Buffer[];
  /** Whether the body came to its end without a fault. */
  isComplete(): boolean;
  /** Headers after the last chunk, names in lower case. */
  trailers(): Readonly<Record<string, string>>;
}

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done' | 'broken';

// A size line holds a number and a signature; a trailer a checksum. Longer is no body of S3's.
const maxLineBytes = 8 * 1024;

export function createAwsChunkedDecoder(): AwsChunkedDecoder {
  let state: State = 'size';
  let line: Buffer[] = [];
  let lineBytes = 0;
  let left = 0;
  const trailers: Record<string, string> = {};

  const endLine = (text: string): void => {
    if (state === 'size') {
      const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(text.trimEnd())?.[1];
      left = size === undefined ? 0 : Number.parseInt(size, 16);
      state = size === undefined ? 'broken' : left === 0 ? 'trailer' : 'data';
    } else if (state === 'data-end') {
      state = text === '' ? 'size' : 'broken';
    } else if (text === '') {
      state = 'done';
    } else {
      const colon = text.indexOf(':');
      if (colon > 0) trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
      else state = 'broken';
    }
  };

  /** Takes bytes up to and with the next line feed; the position after them. */
  const takeLine = (chunk: Buffer, from: number): number => {
    const feed = chunk.indexOf(10, from);
    const end = feed < 0 ? chunk.length : feed;
    lineBytes += end - from;
    if (lineBytes > maxLineBytes) {
      state = 'broken';
      return chunk.length;
    }
    line.push(chunk.subarray(from, end));
    if (feed < 0) {
      line = [Buffer.concat(line)]; // a copy: the chunk's memory is not ours after this call
      return chunk.length;
    }
    const text = Buffer.concat(line).toString('latin1').replace(/\r$/, '');
    line = [];
    lineBytes = 0;
    endLine(text);
    return feed + 1;
  };

  return {
    push(chunk) {
      const payload: Buffer[] = [];
      let at = 0;
      while (at < chunk.length && state !== 'done' && state !== 'broken') {
        if (state !== 'data') {
          at = takeLine(chunk, at);
          continue;
        }
        const bytes = chunk.subarray(at, at + left);
        payload.push(bytes);
        at += bytes.length;
        left -= bytes.length;
        if (left === 0) state = 'data-end';
      }
      return payload;
    },
    // Some clients end with the line of the last chunk and no empty line after it.
    isComplete: () => state === 'done' || (state === 'trailer' && lineBytes === 0),
    trailers: () => trailers,
  };
}
