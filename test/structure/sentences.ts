// The prose of the project: comments and Markdown, cut into sentences and measured. Pure functions; the files are read by the test.
import { parseSync } from 'vite';

/** A run of prose that no sentence leaves: a paragraph, a list item, a table cell, a heading, a comment. */
export interface Passage {
  readonly line: number;
  readonly text: string;
  readonly kind: 'prose' | 'label';
}

export interface Fault {
  readonly line: number;
  readonly words: number;
  readonly rule: 'too long' | 'begins with a relative clause';
  readonly sentence: string;
}

export const longestSentence = 30;

/** Every sentence of a file that breaks a rule. The name decides how its prose is found. */
export function faultsOf(name: string, text: string): Fault[] {
  return passagesOf(name, text).flatMap(({ line, text, kind }) =>
    sentencesOf(text).flatMap((sentence): Fault[] => {
      const words = countWords(sentence);
      if (words > longestSentence) return [{ line, words, rule: 'too long', sentence }];
      if (kind === 'prose' && beginsWithRelativeClause(sentence))
        return [{ line, words, rule: 'begins with a relative clause', sentence }];
      return [];
    }),
  );
}

export function passagesOf(name: string, text: string): Passage[] {
  if (name.endsWith('.md')) return passagesOfMarkdown(text);
  if (name.endsWith('.ts')) return passagesOfTypeScript(name, text);
  if (/\.(c|css)$/.test(name)) return passagesOfLines(text, /^\s*(?:\/\/|\/?\*+(?!\/))\s?(.*?)(?:\*\/)?\s*$/);
  if (name.endsWith('.sql')) return passagesOfLines(text, /(?:^|\s)--\s(.*)$/);
  return passagesOfLines(text, /(?:^|\s)#\s(.*)$/);
}

/** A code span and a URL are one word; a link is its text. */
export function sentencesOf(passage: string): string[] {
  const plain = passage
    .replace(/(`+)[^`].*?\1/g, 'Code')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\bhttps?:\/\/[^\s)>\]]+/g, 'URL')
    .replace(/\s+/g, ' ')
    .trim();
  const sentences = [''];
  for (const word of plain.split(' ')) {
    const last = sentences.length - 1;
    sentences[last] = `${sentences[last]} ${word}`.trim();
    if (/[.!?][)\]"'”*_]*$/.test(word) && !/^\(?(e\.g|i\.e|cf|vs|ca|approx)\.,?$/i.test(word)) sentences.push('');
  }
  return sentences.filter((sentence) => countWords(sentence) > 0);
}

/** Arrows, dashes and signs are no words. */
export function countWords(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

function beginsWithRelativeClause(sentence: string): boolean {
  return /^[("*_]*(what(ever)?|whoever|that which)\s/i.test(sentence) && !/\?\W*$/.test(sentence);
}

function passagesOfMarkdown(text: string): Passage[] {
  const passages: Passage[] = [];
  let open: { line: number; text: string } | undefined;
  let fence: string | undefined;
  const close = () => {
    if (open) passages.push({ ...open, kind: 'prose' });
    open = undefined;
  };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const [, mark] = /^\s*(?:[-*]\s+)?(```+|~~~+)/.exec(raw) ?? [];
    if (fence !== undefined || mark !== undefined) {
      close();
      if (fence === undefined) fence = mark;
      else if (mark?.startsWith(fence)) fence = undefined;
      continue;
    }
    const item = /^\s*(?:[-*+]|\d+\.)\s+(.*)$/.exec(raw)?.[1];
    const content = raw.replace(/^\s*>\s?/, '').trim();
    if (content === '' || /^<!--.*-->$/.test(content)) close();
    else if (/^#+\s/.test(content)) {
      close();
      passages.push({ line, text: content.replace(/^#+\s/, ''), kind: 'label' });
    } else if (content.startsWith('|')) {
      close();
      passages.push(...cellsOf(content).map((cell) => ({ line, text: cell, kind: 'label' as const })));
    } else if (item !== undefined) {
      close();
      open = { line, text: item };
    } else open = open ? { ...open, text: `${open.text} ${content}` } : { line, text: content };
  }
  close();
  return passages;
}

const cellsOf = (row: string): string[] => row.split(/(?<!\\)\|/).filter((cell) => cell.trim() !== '');

interface CommentLine {
  readonly line: number;
  readonly text: string;
  /** Whether code stands before it on its line: then it continues no other comment. */
  readonly isTrailing: boolean;
}

function passagesOfTypeScript(name: string, text: string): Passage[] {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const comments = parseSync(name, text).comments.flatMap(({ type, value, start }): CommentLine[] => {
    const line = lineStarts.findLastIndex((at) => at <= start) + 1;
    const isTrailing = text.slice(lineStarts[line - 1], start).trim() !== '';
    if (type === 'Line') return [{ line, text: value.trim(), isTrailing }];
    return value
      .split('\n')
      .map((part, index) => ({ line: line + index, text: part.replace(/^\s*\*+/, '').trim(), isTrailing }));
  });
  return joined(comments);
}

/** For languages whose comments are found line by line; `pattern` takes the text in its first group. */
function passagesOfLines(text: string, pattern: RegExp): Passage[] {
  return joined(
    text.split('\n').flatMap((raw, index): CommentLine[] => {
      const match = pattern.exec(raw);
      if (!match || raw.startsWith('#!')) return [];
      const isTrailing = raw.slice(0, match.index).trim() !== '';
      return [{ line: index + 1, text: match[1] ?? '', isTrailing }];
    }),
  );
}

/** Whole-line comments on lines that follow each other are one passage, up to an empty line or a list item. */
function joined(comments: readonly CommentLine[]): Passage[] {
  const passages: Passage[] = [];
  let previous: CommentLine | undefined;
  for (const comment of comments) {
    const last = passages.at(-1);
    const continues =
      previous &&
      !previous.isTrailing &&
      !comment.isTrailing &&
      previous.text !== '' &&
      comment.line === previous.line + 1;
    const isItem = /^(?:[-*•]|\d+\.)\s/.test(comment.text);
    if (last && continues && !isItem) passages[passages.length - 1] = { ...last, text: `${last.text} ${comment.text}` };
    else passages.push({ line: comment.line, text: comment.text.replace(/^(?:[-*•]|\d+\.)\s/, ''), kind: 'prose' });
    previous = comment;
  }
  return passages.map((passage) => ({ ...passage, text: passage.text.trim() })).filter(({ text }) => text !== '');
}
