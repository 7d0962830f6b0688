// The checksums S3 knows, as running computations. Values are base64 of the big-endian digest.
// Source: S3 user guide, "Checking object integrity for data uploads"; CRC64NVME: NVM Express NVM command set, 5.2.1.3.4.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const checksumNames = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof checksumNames)[number];

export interface RunningChecksum {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

export function isChecksumName(name: string): name is ChecksumName {
  return (checksumNames as readonly string[]).includes(name);
}

export function startChecksum(name: ChecksumName): RunningChecksum {
  switch (name) {
    case 'crc32':
      return running32((value, chunk) => crc32(chunk, value));
    case 'crc32c':
      return running32(crc32c);
    case 'crc64nvme':
      return runningCrc64();
    case 'sha1':
    case 'sha256': {
      const hash = createHash(name);
      return { update: (chunk) => hash.update(chunk), digest: () => hash.digest() };
    }
  }
}

function running32(step: (value: number, chunk: Uint8Array) => number): RunningChecksum {
  let value = 0;
  return {
    update: (chunk) => {
      value = step(value, chunk);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    },
  };
}

// Castagnoli's polynomial, reflected (RFC 3720, appendix B.4).
const crc32cTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(start: number, chunk: Uint8Array): number {
  let value = ~start;
  for (const byte of chunk) value = (crc32cTable[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

// CRC-64/NVME: polynomial 0xAD93D23594C93659, reflected; in two halves of 32 bits, for BigInt is far slower.
const crc64Table = (() => {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    high[byte] = Number(BigInt.asIntN(32, value >> 32n));
    low[byte] = Number(BigInt.asIntN(32, value));
  }
  return { high, low };
})();

function runningCrc64(): RunningChecksum {
  let high = -1;
  let low = -1;
  return {
    update: (chunk) => {
      for (const byte of chunk) {
        const at = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (crc64Table.low[at] ?? 0);
        high = (high >>> 8) ^ (crc64Table.high[at] ?? 0);
      }
    },
    digest: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(~high >>> 0, 0);
      bytes.writeUInt32BE(~low >>> 0, 4);
      return bytes;
    },
  };
}
