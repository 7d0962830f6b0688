import { expect, test } from 'vitest';
import { cleanLabel } from './label.ts';

test.each([
  ['plain.png', 'plain.png'],
  ['  a\u0000\u0007b\r\nc  ', 'a b c'],
  ['\ud800x', '\ufffdx'],
  ['😀😀😀', '😀😀'],
  ['photo\u202egpj.exe', 'photo[U+202E]gpj.exe'],
  ['a\u200bb\ufeff', 'a[U+200B]b[U+FEFF]'],
  ['می\u200cخواهم 👩\u200d🚀', 'می\u200cخواهم 👩\u200d🚀'],
])('cleans %j to %j', (text, label) => {
  expect(cleanLabel(text, text.startsWith('😀') ? 2 : 255)).toBe(label);
});
