// Texts as a terminal shows them.
export { countOf, sizeOf } from '../shared/words.ts';

/** A text cut to `width` characters, its middle left out: the ends of a key tell more. */
export function shortened(text: string, width: number): string {
  const plain = printable(text);
  if (plain.length <= width) return plain;
  const half = Math.floor((width - 1) / 2);
  return `${plain.slice(0, half)}…${plain.slice(plain.length - half)}`;
}

/** A sentence cut to `width` characters at its end. */
export function cutAtEnd(text: string, width: number): string {
  const plain = printable(text);
  return plain.length <= width ? plain : `${plain.slice(0, width - 1)}…`;
}

// A control character in a key or title must not reach the terminal.
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}
