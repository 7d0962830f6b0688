// Checksums of all kinds, right and wrong, in headers and as trailers; bodies in aws-chunked, signed and unsigned.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ChecksumAlgorithm, GetObjectAttributesCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { authorization, type Door } from '../door.ts';
import { type Area, type FidelityCase, headersOf } from './case.ts';

const text = 'a body with checksums';
const base64 = (algorithm: string, body = text) => createHash(algorithm).update(body).digest('base64');
function crc32Of(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

const byAlgorithm: readonly FidelityCase[] = Object.values(ChecksumAlgorithm).flatMap((algorithm) => {
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`;
  return [
    {
      name: `a right ${algorithm}, by the SDK`,
      async run({ s3, bucket: Bucket, attempt, note }: Door) {
        const put = new PutObjectCommand({ Bucket, Key: 'a', Body: text, ChecksumAlgorithm: algorithm });
        await attempt(s3.send(put));
        const answer = await attempt(s3.send(new GetObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' })));
        note(`read: ${await answer?.Body?.transformToString().catch((error: Error) => error.name)}`);
        const ObjectAttributes = ['ETag', 'Checksum', 'ObjectSize', 'StorageClass', 'ObjectParts'] as const;
        await attempt(
          s3.send(new GetObjectAttributesCommand({ Bucket, Key: 'a', ObjectAttributes: [...ObjectAttributes] })),
        );
      },
    },
    {
      name: `a wrong ${algorithm}`,
      async run({ raw }: Door) {
        const zeros = Buffer.alloc(lengths[algorithm] ?? 4).toString('base64');
        await raw('PUT', 'a', { body: text, headers: [name, zeros] });
        await raw('PUT', 'a', { body: text, headers: [name, 'no base64!'] });
        await raw('GET', 'a');
      },
    },
  ];
});
const lengths: Readonly<Record<string, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

const inHeaders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a right Content-MD5': { 'Content-MD5': base64('md5') },
  'a wrong Content-MD5': { 'Content-MD5': base64('md5', 'other') },
  'a Content-MD5 that is none': { 'Content-MD5': 'abc' },
  'a right x-amz-content-sha256': { 'x-amz-content-sha256': createHash('sha256').update(text).digest('hex') },
  'a wrong x-amz-content-sha256': { 'x-amz-content-sha256': '0'.repeat(64) },
  'two checksums': { 'x-amz-checksum-sha256': base64('sha256'), 'x-amz-checksum-crc32': crc32Of(text) },
  'a checksum of another algorithm than named': {
    'x-amz-sdk-checksum-algorithm': 'SHA1',
    'x-amz-checksum-crc32': crc32Of(text),
  },
  'an unknown algorithm': { 'x-amz-sdk-checksum-algorithm': 'MD4' },
};

const byHeaders: readonly FidelityCase[] = Object.entries(inHeaders).map(([name, headers]) => ({
  name: `a body with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'a', { body: text, headers: headersOf(headers) });
    await raw('GET', 'a', { headers: ['x-amz-checksum-mode', 'ENABLED'] });
    await raw('HEAD', 'a', { headers: ['x-amz-checksum-mode', 'ENABLED'] });
  },
}));

/** A body in aws-chunked: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
interface Chunked {
  readonly kind: string;
  readonly chunks: readonly string[];
  readonly isSigned?: boolean;
  readonly trailer?: readonly [string, string];
  readonly decodedLength?: number;
  /** The wrong framing that goes out. */
  readonly wire?: string;
  readonly encoding?: string;
}

const unsignedTrailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const signed = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const chunkedBodies: Readonly<Record<string, Chunked>> = {
  'one signed chunk': { kind: signed, chunks: [text], isSigned: true },
  'several signed chunks': { kind: signed, chunks: ['a'.repeat(8192), 'b'.repeat(8192), 'c'], isSigned: true },
  'signed chunks and a trailer': {
    kind: `${signed}-TRAILER`,
    chunks: [text],
    isSigned: true,
    trailer: ['x-amz-checksum-crc32', crc32Of(text)],
  },
  'no signature and a CRC32 trailer': {
    kind: unsignedTrailer,
    chunks: [text],
    trailer: ['x-amz-checksum-crc32', crc32Of(text)],
  },
  'no signature and a SHA256 trailer': {
    kind: unsignedTrailer,
    chunks: [text],
    trailer: ['x-amz-checksum-sha256', base64('sha256')],
  },
  'a wrong trailer': { kind: unsignedTrailer, chunks: [text], trailer: ['x-amz-checksum-crc32', 'AAAAAA=='] },
  'a trailer in other letters': {
    kind: unsignedTrailer,
    chunks: [text],
    trailer: ['X-Amz-Checksum-Sha1', base64('sha1')],
  },
  'no trailer though one was named': {
    kind: unsignedTrailer,
    chunks: [text],
    wire: `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    trailer: ['x-amz-checksum-crc32', crc32Of(text)],
  },
  'no byte in it': { kind: unsignedTrailer, chunks: [], trailer: ['x-amz-checksum-crc32', 'AAAAAA=='] },
  'another encoding beside it': { kind: signed, chunks: [text], isSigned: true, encoding: 'gzip,aws-chunked' },
  'a decoded length that is wrong': { kind: signed, chunks: [text], isSigned: true, decodedLength: 3 },
  'a framing that is broken': { kind: signed, chunks: [text], wire: 'zz;chunk-signature=0\r\nno framing at all' },
  'its end missing': {
    kind: signed,
    chunks: [text],
    wire: `${text.length.toString(16)};chunk-signature=0\r\n${text}\r\n`,
  },
};

const inChunks: readonly FidelityCase[] = Object.entries(chunkedBodies).map(([name, body]) => ({
  name: `aws-chunked with ${name}`,
  async run({ raw }: Door) {
    await raw('PUT', 'a', { body: body.wire ?? frame(body), headers: headersOf(chunkedHeaders(body)) });
    await raw('GET', 'a', { headers: ['x-amz-checksum-mode', 'ENABLED'] });
  },
}));

function chunkedHeaders({ kind, chunks, trailer, decodedLength, encoding }: Chunked): Readonly<Record<string, string>> {
  return {
    'Content-Encoding': encoding ?? 'aws-chunked',
    'x-amz-content-sha256': kind,
    'x-amz-decoded-content-length': String(decodedLength ?? chunks.join('').length),
    ...(trailer && { 'x-amz-trailer': trailer[0] }),
  };
}

function frame({ chunks, isSigned, trailer }: Chunked): string {
  const signature = isSigned ? `;chunk-signature=${'0'.repeat(64)}` : '';
  const data = chunks.map((chunk) => `${chunk.length.toString(16)}${signature}\r\n${chunk}\r\n`).join('');
  const trailing = trailer
    ? `${trailer.join(':')}\r\n${isSigned ? `x-amz-trailer-signature:${'0'.repeat(64)}\r\n` : ''}`
    : '';
  return `${data}0${signature}\r\n${trailing}\r\n`;
}

/** On a connection that closes: LocalStack sends the head of the object, and nothing of its bytes, and keeps others open. */
const overAnother: readonly FidelityCase[] = ['Content-MD5', 'x-amz-checksum-crc32'].map((name) => ({
  name: `a wrong ${name} over an object that is there`,
  async run({ raw, wire, host, bucket }: Door) {
    await raw('PUT', 'a', { body: text });
    const zeros = Buffer.alloc(name === 'Content-MD5' ? 16 : 4).toString('base64');
    await raw('PUT', 'a', { body: 'another body', headers: [name, zeros] });
    const lines = [`Host: ${host}`, `Authorization: ${authorization}`, 'Connection: close'];
    await wire(`GET /${bucket}/a HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  },
}));

export const checksums: Area = {
  name: 'checksums',
  cases: [...byAlgorithm, ...byHeaders, ...inChunks, ...overAnother],
};
