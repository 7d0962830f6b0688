// Names and titles that people give are labels: shown, never used as a path, a key or a type (P7).

// Characters that are not seen but change what is: U+202E shows "gpj.exe" as "exe.jpg". The joiners U+200C and U+200D stay:
// Persian and emoji need them. Source: Unicode TR 36, 3.1 (bidirectional text) and 2.10 (invisible characters).
const invisible = /[\p{Bidi_Control}\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\ufff9-\ufffb]/gu;

/**
 * A text that Postgres, JSON and a header can hold: well-formed, without control characters, at most `maxLength`
 * characters. Invisible characters are written out: `[U+202E]`.
 */
export function cleanLabel(text: string, maxLength: number): string {
  const printable = text
    .toWellFormed()
    .replaceAll(invisible, (character) => `[U+${hex(character)}]`)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return [...printable.slice(0, 2 * maxLength)].slice(0, maxLength).join('').toWellFormed();
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
