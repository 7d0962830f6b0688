// Bytes for tests, the same for the same seed.

/** Bytes that differ at each position and for each seed. */
export function bytesOf(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let i = 0, state = seed * 2_654_435_761; i < sizeBytes; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}
