// The little XML that S3 speaks: flat elements with text. Documents with comments, CDATA or a DOCTYPE are not read at
// all, so that no document means one thing here and another thing to the emulator.

/** The decoded texts of all elements of that name, in order; namespaces' prefixes are looked past. */
export function textsOf(xml: string, name: string): string[] {
  const element = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^<>]*)?(?<!/)>([^<]*)</(?:\\w+:)?${name}\\s*>`, 'g');
  return [...xml.matchAll(element)].map((match) => unescapeXml(match[1] ?? ''));
}

/** The first text of that name, or undefined. */
export function textOf(xml: string, name: string): string | undefined {
  return textsOf(xml, name)[0];
}

/** The inner XML of all elements of that name, in order. They must not nest in themselves. Linear in the document. */
export function blocksOf(xml: string, name: string): string[] {
  const opening = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^<>]*)?(?<!/)>`, 'g');
  const closing = new RegExp(`</(?:\\w+:)?${name}\\s*>`, 'g');
  const blocks: string[] = [];
  for (let open = opening.exec(xml); open !== null; open = opening.exec(xml)) {
    closing.lastIndex = opening.lastIndex;
    const close = closing.exec(xml);
    if (close === null) break; // none after this one either
    blocks.push(xml.slice(opening.lastIndex, close.index));
    opening.lastIndex = closing.lastIndex;
  }
  return blocks;
}

/** Whether the document is of the plain kind that this file reads rightly. */
export function isPlainXml(xml: string): boolean {
  return !xml.includes('<!');
}

/** Text as the content of an element. A carriage return and control characters survive only as references. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&\p{Cc}]/gu, (char) => `&#${char.charCodeAt(0)};`);
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  // XML 1.0, 2.11: a literal line end reads as a line feed, whatever it was.
  const lines = text.replace(/\r\n?/g, '\n');
  return lines.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
