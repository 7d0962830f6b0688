// Names and titles that people give are labels: shown, never used as a path, a key or a type (P7).

/** A text that Postgres, JSON and a header can hold: well-formed, without control characters, at most `maxLength` characters. */
export function cleanLabel(text: string, maxLength: number): string {
  const printable = text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return [...printable.slice(0, 2 * maxLength)].slice(0, maxLength).join('').toWellFormed();
}
