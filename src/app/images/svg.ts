// Whether a file may be an SVG, by its first bytes: text that begins with markup and has an element `svg` early on. The
// whole file is judged by a real XML parser once it has come (inspect/svg-document.ts).

/** `head`: the file's first bytes, UTF-8 or UTF-16 with a byte order mark. */
export function mayBeSvg(head: Buffer): boolean {
  const text = decode(head).replace(/^\uFEFF/, '');
  const at = text.search(/<(?:[^\s<>/:]+:)?svg[\s/>]/);
  return /^\s*</.test(text) && at >= 0 && !/<(?:!doctype\s+)?html[\s>]/i.test(text.slice(0, at));
}

function decode(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder('utf-16le').decode(head);
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder('utf-16be').decode(head);
  return head.toString('utf8');
}
