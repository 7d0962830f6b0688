// Dockerfile.web installs only what the page's build needs; this compares its list with the page's imports.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Files and packages that a source file imports, but for types. */
const importsOf = (source: string): readonly string[] =>
  [...source.matchAll(/^\s*(?:import (?!type\b)|export |\} )(?:.*\bfrom )?'([^']+)';$/gm)].map(([, name = '']) => name);

/** The packages that sources reach, through other sources. */
function packagesFrom(start: readonly string[]): readonly string[] {
  const files = new Set(start);
  const packages = new Set<string>();
  for (const file of files)
    for (const name of importsOf(read(file))) {
      if (name.startsWith('.')) files.add(path.join(path.dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    }
  return [...packages].toSorted();
}

test('Dockerfile.web installs the packages that the page and its build import, and no other', () => {
  const pages = globSync('src/web/**/*.ts', { cwd: root });
  const sources = pages.filter((file) => !file.endsWith('.test.ts'));
  const [, installed = ''] = /node only-packages\.ts (.+?)\s*\\?$/m.exec(read('Dockerfile.web')) ?? [];
  expect(packagesFrom(sources)).toEqual(installed.split(' ').toSorted());
});
