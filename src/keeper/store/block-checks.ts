// Checksums of a body, one for each block, so that any range can be verified by reading only the blocks it touches.
import { crc32 } from 'node:zlib';

/** Part of the format (schema.ts): a body's checks are the CRC-32 of each block of this size, big-endian. */
export const blockBytes = 256 * 1024;

/** Computes the checks of bytes that come in chunks of any size. */
export class BlockChecks {
  readonly #done: number[] = [];
  #current = 0;
  #filled = 0;

  add(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length; ) {
      const end = Math.min(chunk.length, start + blockBytes - this.#filled);
      this.#current = crc32(chunk.subarray(start, end), this.#current);
      this.#filled += end - start;
      start = end;
      if (this.#filled === blockBytes) this.#endBlock();
    }
  }

  /** The checks of all bytes added; a body without bytes has none. Call it once, at the end. */
  finish(): Uint8Array {
    if (this.#filled > 0) this.#endBlock();
    const checks = new DataView(new ArrayBuffer(this.#done.length * 4));
    for (const [index, check] of this.#done.entries()) checks.setUint32(index * 4, check);
    return new Uint8Array(checks.buffer);
  }

  #endBlock(): void {
    this.#done.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}

/** Whether `block` is the block of that index in a body with these checks. */
export function isBlockSound(block: Uint8Array, index: number, checks: Uint8Array): boolean {
  if (checks.byteLength < (index + 1) * 4) return false;
  return new DataView(checks.buffer, checks.byteOffset).getUint32(index * 4) === crc32(block);
}
