// The import table of ARCHITECTURE.md, enforced: which folder may import which. Types count too.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

const mayImport: Readonly<Record<string, readonly string[]>> = {
  'src/shared': [],
  'src/keeper': ['src/shared'],
  'src/app': ['src/shared'],
  'src/reconciler': ['src/shared'],
  'src/web': ['src/shared'],
  'src/composition': ['src/shared', 'src/app', 'src/reconciler'],
  'src/embedded': ['src/shared', 'src/keeper', 'src/composition'],
  'src/cli': ['src/shared', 'src/keeper', 'src/app', 'src/reconciler', 'src/composition', 'src/embedded'],
  charts: ['src/shared'],
};

const files = Object.keys(mayImport).flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: root }));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)|^\s*import\s+['"](\.[^'"]+)['"]/gm,
  );
  return [...statements].map((match) => ({
    from: file,
    to: path.relative(root, path.resolve(root, path.dirname(file), match[2] ?? match[3] ?? match[4] ?? '')),
    isTypeOnly: match[1] !== undefined,
  }));
}

const roomOf = (file: string): string | undefined => Object.keys(mayImport).find((room) => file.startsWith(`${room}/`));
const isTest = (file: string): boolean => file.endsWith('.test.ts');

test('each part imports only what the table allows', () => {
  const wrong = files
    .flatMap(importsOf)
    .filter(({ from, to }) => {
      const [source, target] = [roomOf(from), roomOf(to)];
      if (source === target) return false;
      if (to === 'package.json') return from !== 'src/shared/version.ts';
      if (target === undefined) return !(isTest(from) && to.startsWith('test/'));
      return !mayImport[source ?? '']?.includes(target);
    })
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

test('web takes only types from shared', () => {
  const values = files
    .filter((file) => file.startsWith('src/web/') && !isTest(file))
    .flatMap(importsOf)
    .filter(({ to, isTypeOnly }) => to.startsWith('src/shared/') && !isTypeOnly);
  expect(values).toEqual([]);
});

test('the table has an entry for every folder of src', () => {
  const rooms = globSync('src/*', { cwd: root }).filter((entry) => !path.extname(entry));
  expect(rooms.filter((room) => !(room in mayImport))).toEqual([]);
});
