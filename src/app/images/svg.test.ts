import { expect, test } from 'vitest';
import { isSvg } from './svg.ts';

const ns = 'xmlns="http://www.w3.org/2000/svg"';

test.each([
  `<svg ${ns}/>`,
  `\ufeff<?xml version="1.0"?>\n<svg ${ns}></svg>`,
  `<?xml version="1.0"?><!-- made by > hand --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg ${ns}>`,
  `<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]><svg>`,
  '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
  `  \n<svg\n${ns}>`,
])('takes %s for an SVG', (text) => {
  expect(isSvg(Buffer.from(text))).toBe(true);
});

test.each([
  '',
  'svg',
  '<svgx/>',
  '<html><svg/></html>',
  '<!doctype html><svg/>',
  '<!DOCTYPE html [ <svg> ]><svg/>',
  'text <svg/>',
  '<!-- <svg/> -->',
  '<?xml version="1.0"?>',
  '<?xml <svg/>',
  '<svg',
])('takes %s for none', (text) => {
  expect(isSvg(Buffer.from(text))).toBe(false);
});

test('takes UTF-16 for none, and a hostile prologue without growing slow', () => {
  expect(isSvg(Buffer.from(`<svg ${ns}/>`, 'utf16le'))).toBe(false);
  for (const hostile of [
    '<!--'.repeat(16_000),
    `<!DOCTYPE svg ${'"'.repeat(60_000)}`,
    `<!DOCTYPE svg ${'[ '.repeat(30_000)}`,
    ' '.repeat(65_000),
    '<?'.repeat(30_000),
  ]) {
    const startedAt = performance.now();
    expect(isSvg(Buffer.from(hostile))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_000); // quadratic would take minutes
  }
});
