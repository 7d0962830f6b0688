// Numbers and sizes as people read them.

export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

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
