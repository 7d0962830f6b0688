// One mutant: a small change of one file that some test has to notice.
import { createHash } from 'node:crypto';

export type Operator = 'condition' | 'boundary' | 'guard' | 'statement' | 'await';

export interface Mutant {
  /** Number within one run; what switches the mutant on. From 1. */
  readonly id: number;
  readonly operator: Operator;
  readonly file: string;
  /** Names of the functions around it, outermost first, joined by `/`; empty at the top of the file. */
  readonly fn: string;
  readonly line: number;
  /** The replaced text, with single spaces. */
  readonly original: string;
  /** The text in its place; empty for a removal. */
  readonly replacement: string;
  /** Which one, among those of the file that are else alike; from 0. */
  readonly nth: number;
}

/** Names a mutant across runs, wherever its lines move. */
export function keyOf({ file, fn, original, replacement, nth }: Omit<Mutant, 'id' | 'line' | 'operator'>): string {
  return hashOf([file, fn, original, replacement, String(nth)].join('\0'));
}

/** A mutant as a person reads it. */
export function describeMutant({ file, line, fn, original, replacement, operator }: Mutant): string {
  const change = replacement === '' ? `without ${clip(original)}` : `${clip(original)} → ${clip(replacement)}`;
  return `${file}:${line} ${fn || '(top)'} [${operator}] ${change}`;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function clip(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}
