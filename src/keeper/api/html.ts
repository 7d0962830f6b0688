// HTML in which nothing is markup by surprise: whatever is put into a template is escaped, unless it is such a template.

/** Markup. Made by `html` only. */
export interface Html {
  readonly markup: string;
}

type Piece = Html | string | number | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template of HTML. Attributes must be quoted. Control characters, which HTML can't hold, show as �. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const texts = pieces.map(markupOf);
  return { markup: strings.map((text, i) => text + (texts[i] ?? '')).join('') };
}

function markupOf(piece: Piece): string {
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece));
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('');
}

function escapeHtml(text: string): string {
  const plain = text.toWellFormed().replace(/\p{Cc}/gu, '\ufffd');
  return plain.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
