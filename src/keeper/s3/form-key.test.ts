import { expect, test } from 'vitest';
import { createFormReader } from './form-key.ts';

const field = (name: string, value: string) =>
  `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (name: string, bytes = 'bytes') =>
  `--edge\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${bytes}\r\n--edge--\r\n`;

function keysOf(form: string, { type = 'multipart/form-data; boundary=edge', chunkBytes = 7 } = {}) {
  const reader = createFormReader(type);
  const bytes = Buffer.from(form);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.write(bytes.subarray(at, at + chunkBytes));
  return reader.keys();
}

test.each([
  ['a plain key', field('key', 'a/b c') + file('f.txt'), ['a/b c']],
  ['a key in Unicode, cut anywhere', field('key', 'é/图片') + file('f.txt'), ['é/图片']],
  ['a key over lines', field('key', 'a\r\nb') + file('f.txt'), ['a\r\nb']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of S3's
  ['the name of the file', field('key', 'in/${filename}') + file('ü $1.txt'), ['in/ü $1.txt', 'in/${filename}']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of S3's
  ['a name with folders', field('key', '${filename}') + file('C:\\\\dir/f.txt'), ['f.txt', '${filename}']],
  ['no key', field('acl', 'private') + file('f.txt'), []],
  ['a key after the file', file('f.txt').replace('--edge--\r\n', '') + field('key', 'late'), []],
  ['a key inside the file', field('key', 'a') + file('f.txt', `--edge\r\n${field('key', 'b')}`), ['a']],
  ['two keys', field('key', 'a') + field('key', 'b') + file('f.txt'), ['a']],
  ['no form at all', 'no form at all', []],
  ['nothing', '', []],
])('%s', (_name, form, keys) => expect(keysOf(form)).toEqual(keys));

test('a boundary in quotes, and a type without one', () => {
  const form = field('key', 'a') + file('f.txt');
  expect(keysOf(form, { type: 'multipart/form-data; charset=utf-8; boundary="edge"' })).toEqual(['a']);
  expect(keysOf(form, { type: 'multipart/form-data' })).toEqual([]);
});

test('of a large form only the beginning is held', () => {
  const form = field('key', 'a') + file('f.txt', 'x'.repeat(10_000_000));
  expect(keysOf(form, { chunkBytes: 65_536 })).toEqual(['a']);
});
