import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blocksOf, escapeXml, isPlainXml, textOf, textsOf } from './xml.ts';

const text = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0x80, max: 0xd7ff }), fc.constant(0x1f600)))
  .map((points) => String.fromCodePoint(...points));

test('reads back any text it wrote', () => {
  fc.assert(
    fc.property(text, (text) => {
      expect(textOf(`<Key>${escapeXml(text)}</Key>`, 'Key')).toBe(text);
    }),
  );
});

test.each([
  ['<Key>a&amp;b&lt;&#x1;&#13;</Key>', ['a&b<\u0001\r']],
  ['<D xmlns="x"><Key a="1">x</Key ><n:Key>y</n:Key><Keys>z</Keys></D>', ['x', 'y']],
  ['<Key>a\r\nb\rc</Key>', ['a\nb\nc']],
  ['<Key/><Key></Key>', ['']],
  ['<Key>&unknown;&#x110000;</Key>', ['&unknown;&#x110000;']],
])('reads %j', (xml, expected) => {
  expect(textsOf(xml, 'Key')).toEqual(expected);
});

test('keeps the elements of one block together', () => {
  const blocks = blocksOf(
    '<Delete><Object><Key>a</Key></Object><Object>\n<VersionId>v</VersionId></Object></Delete>',
    'Object',
  );
  expect(blocks.map((block) => [textOf(block, 'Key'), textOf(block, 'VersionId')])).toEqual([
    ['a', undefined],
    [undefined, 'v'],
  ]);
});

test.each(['<!-- <Key>a</Key> -->', '<Key><![CDATA[a]]></Key>', '<!DOCTYPE a>'])('does not read %s', (xml) => {
  expect(isPlainXml(xml)).toBe(false);
});
