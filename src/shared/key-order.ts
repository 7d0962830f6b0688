// The order S3 lists keys in: UTF-8 bytes. JavaScript's `<` compares UTF-16 units and `localeCompare` a language's
// order; both sort some keys otherwise (U+FF5E before U+1F600 in UTF-8, after it in UTF-16).

/**
 * Compares two keys as S3 does, by UTF-8 bytes: negative, zero or positive.
 * Source: ListObjectsV2, "objects are returned sorted in an ascending order … UTF-8 binary order".
 */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return byCodePoint(a) - byCodePoint(b);
  }
  return left.length - right.length;
}

// UTF-8 order is code point order. A surrogate (U+D800–DFFF, the start of a code point above U+FFFF) must sort after
// the units U+E000–FFFF: shifting the two ranges past each other gives that without decoding.
function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
