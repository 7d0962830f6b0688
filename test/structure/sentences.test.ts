// Comments and documentation are plain: no sentence over 30 words, none that begins with "what" or "whoever".
// To list every fault: npx vitest run --project unit test/structure/sentences
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { countWords, faultsOf, passagesOf, sentencesOf } from './sentences.ts';

const root = path.resolve(import.meta.dirname, '../..');
const prose = [
  '*.md',
  '{docs,examples,charts,test,.github}/**/*.md',
  '{src,charts,test,docker}/**/*.{ts,css,c,sql,conf}',
  '{.ci,examples,.github,docs}/**/*.{ts,yaml,yml}',
  '*.{ts,yaml}',
  '.ci/run',
  'docker/*',
  'Dockerfile*',
  'Tiltfile',
];
/** Made by programs; `docs/settings.md` is too, but of sentences that stand in the code, so it counts. */
const generated = ['k8s/**', 'docs/evidence/**', 'test/fixtures/**', '**/node_modules/**'];

const files = [...new Set(globSync(prose, { cwd: root, exclude: generated }))].sort();
const found = files.flatMap((file) =>
  faultsOf(file, readFileSync(path.join(root, file), 'utf8')).map((fault) => ({ file, ...fault })),
);
const shown = ({ file, line, words, rule, sentence }: (typeof found)[number]): string =>
  `${file}:${line}  ${rule === 'too long' ? `${words} words` : rule}: ${sentence}`;

test('the files with prose are found', () => {
  expect(files).toEqual(expect.arrayContaining(['README.md', 'Tiltfile', 'Dockerfile', '.ci/run', 'src/cli/main.ts']));
  expect(files).toEqual(expect.arrayContaining(['docs/keeper.md', 'docs/settings.md', 'test/faults/disk.c']));
  expect(files.filter((file) => /^(k8s|docs\/evidence|test\/fixtures)\//.test(file))).toEqual([]);
});

test('no sentence of a comment or a document is over 30 words or begins with a relative clause', () => {
  expect(found.map(shown)).toEqual([]);
});

describe('how sentences are told apart', () => {
  test.each([
    ['One. Two! Three?', ['One.', 'Two!', 'Three?']],
    ['Version 4.14.0 of it, e.g. the free one. Next.', ['Version 4.14.0 of it, e.g. the free one.', 'Next.']],
    ['Read `a file. of words`. See [the guide](docs/a.md).', ['Read Code.', 'See the guide.']],
    ['(In brackets.) After https://example.com/a.b?c. End', ['(In brackets.)', 'After URL End']],
    ['', []],
  ])('%j', (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });

  test('signs are no words', () => {
    expect(countWords('intent → emulator – 3 ms')).toBe(4);
  });
});

describe('where passages begin and end', () => {
  const texts = (name: string, lines: readonly string[]) => passagesOf(name, lines.join('\n')).map(({ text }) => text);

  test('Markdown: headings, items, cells and paragraphs; no fenced code', () => {
    const lines = [
      '# A title',
      'one',
      'two',
      '',
      '- three',
      '  four',
      '1. five',
      '```sh',
      'code',
      '```',
      '| a | b \\| c |',
      '| --- | --- |',
    ];
    const cells = texts('a.md', lines).map((text) => text.trim());
    expect(cells).toEqual(['A title', 'one two', 'three four', 'five', 'a', 'b \\| c', '---', '---']);
  });

  test('TypeScript: comments that follow each other are one, trailing ones are not', () => {
    const lines = [
      '// one',
      '// two',
      "const a = '// no'; // three",
      '// four',
      '/**',
      ' * five',
      ' *',
      ' * six',
      ' */',
      '// - seven',
    ];
    expect(texts('a.ts', lines)).toEqual(['one two', 'three', 'four', 'five', 'six', 'seven']);
  });

  test('shell and the like: a # before a blank', () => {
    expect(texts('run', ['#!/bin/bash', '# one', '# two', 'echo "$#" # three'])).toEqual(['one two', 'three']);
  });

  test('C and CSS', () => {
    expect(texts('a.c', ['/* one', ' * two */', 'int a;', '// three'])).toEqual(['one two', 'three']);
  });
});

describe('faults', () => {
  const long = Array.from({ length: 31 }, () => 'word').join(' ');

  test('a sentence of 31 words, with its line', () => {
    expect(faultsOf('a.ts', `const a = 1;\n// ${long}.`)).toMatchObject([{ line: 2, words: 31, rule: 'too long' }]);
    expect(faultsOf('a.md', long.replace('word ', ''))).toEqual([]);
  });

  test.each(['What is asked again waits.', 'Whoever asks waits.', 'whatever comes waits'])('%s', (sentence) => {
    expect(faultsOf('a.ts', `// ${sentence}`)).toMatchObject([{ rule: 'begins with a relative clause' }]);
  });

  test.each(['What then?', 'That is all.', 'Somewhat more.'])('not: %s', (sentence) => {
    expect(faultsOf('a.ts', `// ${sentence}`)).toEqual([]);
  });

  test('a heading and a cell may be called "what"', () => {
    expect(faultsOf('a.md', '# What it promises\n\n| what |\n')).toEqual([]);
  });
});
