// The little XML that S3 speaks: flat elements with text. Documents with comments, CDATA or a DOCTYPE are not read at
// all, so that no document means one thing here and another thing to the emulator.

/** The decoded texts of all elements of that name, in order; namespaces' prefixes are looked past. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(elementPattern(name, '([^<]*)'))].map((match) => unescapeXml(match[1] ?? ''));
}

/** The first text of that name, or undefined. */
export function textOf(xml: string, name: string): string | undefined {
  return textsOf(xml, name)[0];
}

/** The inner XML of all elements of that name, in order. They must not nest in themselves. */
export function blocksOf(xml: string, name: string): string[] {
  return [...xml.matchAll(elementPattern(name, '([\\s\\S]*?)'))].map((match) => match[1] ?? '');
}

/** Whether the document is of the plain kind that this file reads rightly. */
export function isPlainXml(xml: string): boolean {
  return !xml.includes('<!');
}

/** Text as the content of an element. A carriage return and control characters survive only as references. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"\p{Cc}]/gu, (char) => `&#${char.charCodeAt(0)};`);
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

function elementPattern(name: string, inner: string): RegExp {
  return new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?(?<!/)>${inner}</(?:\\w+:)?${name}\\s*>`, 'g');
}
