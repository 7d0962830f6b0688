// Whether a file begins as an SVG document: XML whose root element is `svg`. Only the prologue is looked at, by hand:
// an XML parser would have to be kept from entities and outside references first.

const skippable = [
  /^\s+/,
  /^<\?[\s\S]*?\?>/, // the XML declaration and other instructions
  /^<!--[\s\S]*?-->/,
  /^<!DOCTYPE\s+(?:[\w.-]+:)?svg(?![\w.-])(?:[^<>[\]"']|"[^"]*"|'[^']*')*(?:\[[^\]]*\]\s*)?>/,
] as const;

/** `head`: the file's first bytes. They must hold the whole prologue, and the start of the root element. */
export function isSvg(head: Buffer): boolean {
  // Markup is ASCII in every encoding that extends ASCII, UTF-8 among them; UTF-16 has zeros and is not taken.
  let rest = head.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  if (rest.includes('\0')) return false;
  for (let next = afterOne(rest); next !== undefined; next = afterOne(rest)) rest = next;
  return /^<(?:[\w.-]+:)?svg(?=[\s/>])/.test(rest);
}

function afterOne(text: string): string | undefined {
  for (const pattern of skippable) {
    const match = pattern.exec(text);
    if (match) return text.slice(match[0].length);
  }
  return undefined;
}
