// Judges an SVG as the browsers' own parser does: libxml2, which Chromium and WebKit use. Well-formed, with the root `svg`
// in SVG's namespace, or it is no image.
import { ParseOption, XmlDocument, type XmlElement } from 'libxml2-wasm';
import { type ImageFacts, type Inspection, refuse } from './facts.ts';

const svgNamespace = 'http://www.w3.org/2000/svg';

// Nothing outside the file is ever loaded; entities inside it are expanded within libxml2's own bounds.
const options =
  ParseOption.XML_PARSE_NOENT |
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_NONET |
  ParseOption.XML_PARSE_COMPACT;

/** Looks at a whole SVG. Never throws for what is in it. */
export function inspectSvg(bytes: Uint8Array): Inspection {
  const text = decodeText(bytes);
  if (text === undefined || text.includes('\0'))
    return refuse({ kind: 'damaged', got: 'text that is neither UTF-8 nor UTF-16 with a byte order mark' });
  try {
    using document = parse(text);
    const { root } = document;
    if (root.name !== 'svg' || root.namespaceUri !== svgNamespace)
      return refuse({ kind: 'damaged', got: `the root element <${root.name.slice(0, 40)}> ${namespaceOf(root)}` });
    const entity = undefinedEntity(text);
    if (entity !== undefined) return refuse({ kind: 'damaged', got: `the entity ${entity}, which is not defined` });
    return { kind: 'image', facts: factsOf(root) };
  } catch (error) {
    return refuse({ kind: 'damaged', got: `XML that is not well-formed: ${messageOf(error)}` });
  }
}

// An image's SVG is decoded by its byte order mark, else as UTF-8, whatever its XML declaration says (tried: Chromium 156).
function decodeText(bytes: Uint8Array): string | undefined {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined; // not text in that encoding: the caller refuses it
  }
}

// Large or deep documents need libxml2's wide limits; those also lift the bound of entities, so not where entities are declared.
function parse(text: string): XmlDocument {
  const isWide = !text.includes('<!ENTITY');
  const option = options | ParseOption.XML_PARSE_IGNORE_ENC | (isWide ? ParseOption.XML_PARSE_HUGE : 0);
  return XmlDocument.fromString(text, { option });
}

// With a DTD outside the file an undefined entity is no fault of form in XML. Browsers load no DTD and refuse it; they know
// XHTML's entities by its public name (tried: Chromium 156).
function undefinedEntity(text: string): string | undefined {
  if (!text.includes('<!DOCTYPE') || text.includes('-//W3C//DTD XHTML')) return undefined;
  const markup = text.replaceAll(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/g, '');
  const known = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);
  for (const [, name = ''] of markup.matchAll(/<!ENTITY\s+([^\s%]+)/g)) known.add(name);
  for (const [reference, name = ''] of markup.matchAll(/&([^\s;&#<>"']+);/g))
    if (!known.has(name)) return reference.slice(0, 40);
  return undefined;
}

function namespaceOf({ namespaceUri }: XmlElement): string {
  return namespaceUri ? `of the namespace ${namespaceUri.slice(0, 60)}` : 'without a namespace';
}

function factsOf(root: XmlElement): ImageFacts {
  const [, , boxWidth, boxHeight] = (root.attr('viewBox')?.value ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  return {
    width: pixels(root.attr('width')?.value) ?? pixels(boxWidth),
    height: pixels(root.attr('height')?.value) ?? pixels(boxHeight),
    orientation: 1,
    frames: 1,
    placeholder: null,
  };
}

/** A length in pixels, rounded; null for percentages and other units. */
function pixels(length: string | number | undefined): number | null {
  const match = /^\s*([\d.]+(?:e[+-]?\d+)?)(?:px)?\s*$/i.exec(String(length ?? ''));
  const value = Math.round(Number(match?.[1]));
  return value > 0 && value <= 2 ** 31 - 1 ? value : null;
}

function messageOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.slice(0, 120);
}
