import { expect, test } from 'vitest';
import { cleanLabel } from './label.ts';

test.each([
  ['plain.png', 'plain.png'],
  ['  a\u0000\u0007b\r\nc  ', 'a b c'],
  ['\ud800x', '\ufffdx'],
  ['😀😀😀', '😀😀'],
])('cleans %j to %j', (text, label) => {
  expect(cleanLabel(text, text.startsWith('😀') ? 2 : 255)).toBe(label);
});
