// Which test files can meet a mutant at all, and in which order they are asked: the quick ones first.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf } from './mutant.ts';

export interface TestFile {
  readonly file: string;
  readonly hash: string;
  /** Files of the project that it loads, itself or through others. */
  readonly loads: ReadonlySet<string>;
}

const patterns = ['src/{shared,keeper,app,reconciler}/**/*.test.ts', 'test/{integration,faults}/**/*.test.ts'];

/** Test files of the project that load any of `files`. */
export function testFilesFor(root: string, files: readonly string[]): readonly TestFile[] {
  const imports = new Map<string, readonly string[]>();
  return globSync(patterns, { cwd: root })
    .map((file) => {
      const hash = hashOf(readFileSync(path.join(root, file), 'utf8'));
      return { file, hash, loads: loadedBy(root, file, imports) };
    })
    .filter(({ loads }) => files.some((file) => loads.has(file)));
}

/** The order: the tests beside a mutated file, then by the last duration of each, else by its folder. */
export function quickFirst(
  files: readonly TestFile[],
  lastMs: ReadonlyMap<string, number>,
  mutated: ReadonlySet<string>,
): readonly TestFile[] {
  const isBeside = ({ file }: TestFile) => mutated.has(file.replace(/\.test\.ts$/, '.ts'));
  const expectedMs = ({ file }: TestFile) =>
    lastMs.get(file) ?? (file.startsWith('src/') ? 1_000 : file.startsWith('test/faults/') ? 60_000 : 10_000);
  return files.toSorted(
    (a, b) =>
      Number(isBeside(b)) - Number(isBeside(a)) || expectedMs(a) - expectedMs(b) || a.file.localeCompare(b.file),
  );
}

function loadedBy(root: string, from: string, imports: Map<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const found = imports.get(file) ?? namedIn(root, file);
    imports.set(file, found);
    open.push(...found);
  }
  return seen;
}

// Imports, and also what is started as a thread or a process: both are a path in quotes.
function namedIn(root: string, file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const folder = path.posix.dirname(file);
  return [...text.matchAll(/(?<!import type [^;]*)['"`]([\w./-]+\.ts)['"`]/g)].flatMap(([, name = '']) =>
    [path.posix.join(folder, name), path.posix.normalize(name)].filter(
      (one) => !one.startsWith('..') && existsSync(path.join(root, one)),
    ),
  );
}
