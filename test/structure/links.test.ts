// Every file that a page of the documentation links to is there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

test('documentation links to files that exist', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
  const broken = pages.flatMap((page) => {
    const text = readFileSync(path.join(root, page), 'utf8');
    return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !URL.canParse(target) && !existsSync(path.join(root, path.dirname(page), target)))
      .map((target) => `${page} → ${target}`);
  });
  expect(pages).toContain('README.md');
  expect(broken).toEqual([]);
});
