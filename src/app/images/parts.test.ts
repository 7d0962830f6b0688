import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { partBytes, partsOf } from './parts.ts';

async function* inChunks(body: Buffer, chunkBytes: number) {
  for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
}

test.each([
  ['nothing', 0, 1000, []],
  ['one byte', 1, 1000, [1]],
  ['one part less a byte', partBytes - 1, 65_536, [partBytes - 1]],
  ['exactly one part', partBytes, 65_536, [partBytes]],
  ['one part and a byte', partBytes + 1, 65_536, [partBytes, 1]],
  ['chunks larger than a part', 2 * partBytes + 5, 3 * partBytes, [partBytes, partBytes, 5]],
  ['chunks that straddle parts', 2 * partBytes, 700_001, [partBytes, partBytes]],
])('%s comes in its parts, every byte in order', async (_name, length, chunkBytes, sizes) => {
  const body = randomBytes(length);
  const parts = await Array.fromAsync(partsOf(inChunks(body, chunkBytes), Number.MAX_SAFE_INTEGER));
  expect(parts.map((part) => part.length)).toEqual(sizes);
  expect(Buffer.concat(parts).equals(body)).toBe(true);
});

test('takes exactly the limit, and stops reading at the first byte beyond', async () => {
  expect(await Array.fromAsync(partsOf(inChunks(randomBytes(100), 10), 100))).toHaveLength(1);
  let hasReadOn = false;
  async function* endless() {
    yield Buffer.alloc(101);
    hasReadOn = true;
    yield Buffer.alloc(1);
  }
  await expect(Array.fromAsync(partsOf(endless(), 100))).rejects.toMatchObject({ code: 'UploadTooLarge' });
  expect(hasReadOn).toBe(false);
});
