// SVG as Chromium judges it in an <img>; each verdict was compared with Chromium 156.
import { expect, test } from 'vitest';
import { inspectSvg } from './svg-document.ts';

const ns = 'xmlns="http://www.w3.org/2000/svg"';
const look = (text: string | Uint8Array) => inspectSvg(typeof text === 'string' ? Buffer.from(text) : text);

test.each([
  ['a prefix', '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>'],
  ['an entity with a bracket', `<!DOCTYPE svg [<!ENTITY a "]">]><svg ${ns}><text>&a;</text></svg>`],
  ['its namespace by an entity', '<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]><svg xmlns="&ns;"/>'],
  [
    'an entity that names a file, which is not read',
    `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg ${ns}>&x;</svg>`,
  ],
  ['space, comments and instructions around it', `\n<?a b?><!-- > --><svg ${ns}/><!-- &x; -->`],
  ['an encoding that its text is not in', `<?xml version="1.0" encoding="Shift_JIS"?><svg ${ns}/>`],
  [
    'XHTML, whose entities browsers know',
    `<!DOCTYPE svg PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "a"><svg ${ns}>&nbsp;</svg>`,
  ],
  ['1,000 levels', `<svg ${ns}>${'<g>'.repeat(1000)}${'</g>'.repeat(1000)}</svg>`],
  ['an attribute of 11 MB', `<svg ${ns}><image href="${'A'.repeat(11_000_000)}"/></svg>`],
])('takes an SVG with %s', (_name, text) => {
  expect(look(text)).toMatchObject({ kind: 'image' });
});

test.each([
  ['no namespace', '<svg/>', 'without a namespace'],
  ['another namespace', '<svg xmlns="http://example.com/"/>', 'http://example.com/'],
  ['another root', `<html><svg ${ns}/></html>`, '<html>'],
  ['an element that is not closed', `<svg ${ns}><g></svg>`, 'not well-formed'],
  ['text after its end', `<svg ${ns}/>x`, 'not well-formed'],
  ['a prefix that is not declared', `<svg ${ns}><a xlink:href="#"/></svg>`, 'not well-formed'],
  ['an attribute twice', `<svg ${ns} x="1" x="2"/>`, 'not well-formed'],
  ['an entity that is not defined', `<svg ${ns}>&nbsp;</svg>`, 'nbsp'],
  ['an entity that an outside DTD would define', `<!DOCTYPE svg SYSTEM "svg.dtd"><svg ${ns}>&nbsp;</svg>`, '&nbsp;'],
  ['space before its XML declaration', ` <?xml version="1.0"?><svg ${ns}/>`, 'not well-formed'],
  ['a control character', `<svg ${ns}>\u0001</svg>`, 'not well-formed'],
  ['a zero', `<svg ${ns}>\0</svg>`, 'UTF-8'],
  ['entities that grow without bound', bomb(), 'not well-formed'],
])('refuses an SVG with %s', (_name, text, got) => {
  expect(look(text)).toMatchObject({
    kind: 'refused',
    refusal: { kind: 'damaged', got: expect.stringContaining(got) },
  });
});

test('reads UTF-16 with a byte order mark, and refuses text that is neither that nor UTF-8', () => {
  const utf16 = Buffer.from(`\ufeff<svg ${ns}/>`, 'utf16le');
  expect(look(Buffer.from(utf16))).toMatchObject({ kind: 'image' });
  expect(look(Buffer.from(utf16).swap16())).toMatchObject({ kind: 'image' });
  expect(look(utf16.subarray(2))).toMatchObject({ kind: 'refused' });
  const latin1 = Buffer.from(
    `<?xml version="1.0" encoding="ISO-8859-1"?><svg ${ns}><title>\xe9</title></svg>`,
    'latin1',
  );
  expect(look(latin1)).toMatchObject({ kind: 'refused' });
});

test.each([
  ['width="20" height="10px"', 20, 10],
  ['viewBox="0 0 30 15.4"', 30, 15],
  ['width="100%" viewBox="0,0,30,15"', 30, 15],
  ['', null, null],
  ['width="0" height="-1"', null, null],
])('knows the size of <svg %s>', (attributes, width, height) => {
  expect(look(`<svg ${ns} ${attributes}/>`)).toMatchObject({ facts: { width, height, placeholder: null } });
});

function bomb(): string {
  const levels = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(
    (name, level) => `<!ENTITY ${name} "${`&${'abcdefg'[level]};`.repeat(10)}">`,
  );
  return `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${levels.join('')}]><svg ${ns}>&h;</svg>`;
}
