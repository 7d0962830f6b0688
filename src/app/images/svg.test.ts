import { expect, test } from 'vitest';
import { mayBeSvg } from './svg.ts';

const ns = 'xmlns="http://www.w3.org/2000/svg"';

test.each([
  `<svg ${ns}/>`,
  `\ufeff<?xml version="1.0"?>\n<svg ${ns}></svg>`,
  `<?xml version="1.0"?><!-- made by > hand --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg ${ns}>`,
  `<!DOCTYPE svg [<!ENTITY a "]"><!ENTITY ns "http://www.w3.org/2000/svg">]><svg>`,
  '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
  `  \n<svg\n${ns}>`,
])('takes %s for what may be an SVG', (text) => {
  const utf16 = Buffer.from(`\ufeff${text.replace('\ufeff', '')}`, 'utf16le');
  expect(mayBeSvg(Buffer.from(text))).toBe(true);
  expect(mayBeSvg(utf16)).toBe(true);
  expect(mayBeSvg(utf16.swap16())).toBe(true);
});

test.each([
  '',
  'svg',
  '<svgx/>',
  'text <svg/>',
  '<?xml version="1.0"?>',
  '<svg',
  '<html></html>',
  '<!doctype html><svg/>',
])('takes %s for none', (text) => {
  expect(mayBeSvg(Buffer.from(text))).toBe(false);
});
