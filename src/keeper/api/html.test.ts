import { expect, test } from 'vitest';
import { html } from './html.ts';

test.each([
  ['<script>', '&lt;script&gt;'],
  [`" onload='x'`, '&quot; onload=&#39;x&#39;'],
  ['a&amp;b', 'a&amp;amp;b'],
  ['a\u0000\u001b[31m', 'a\ufffd\ufffd[31m'],
  ['\ud800', '\ufffd'],
])('what is put into a template is text: %j', (text, shown) => {
  expect(html`<b title="${text}">${text}</b>`.markup).toBe(`<b title="${shown}">${shown}</b>`);
});

test('templates hold templates, and lists of them', () => {
  const items = ['<', '>'].map((text) => html`<li>${text}</li>`);
  expect(html`<ul>${items}</ul>${1}${html``}`.markup).toBe('<ul><li>&lt;</li><li>&gt;</li></ul>1');
});
