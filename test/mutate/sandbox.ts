// Copies the project to tmp/ with every mutant woven in. Threads and child processes of a test load the same files, and so
// have the same mutant.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findChanges } from './find-mutants.ts';
import { hashOf, keyOf, type Mutant } from './mutant.ts';
import { weave } from './weave.ts';

export interface Sandbox {
  /** Its root; files have the same paths below it as below the project's. */
  readonly folder: string;
  readonly mutants: readonly Mutant[];
  /** Hash of each mutated file, as it was before. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Writes the sandbox; what is as it was is not written again. */
export function createSandbox(root: string, folder: string, scope: readonly string[]): Sandbox {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(path.join(root, file)));
  const kept = new Set(files);
  removeOthers(folder, kept);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, 'node_modules')))
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const mutants: Mutant[] = [];
  const hashes = new Map<string, string>();
  for (const file of files) {
    const bytes = readFileSync(path.join(root, file));
    if (!scope.includes(file)) {
      write(path.join(folder, file), bytes);
      continue;
    }
    const text = bytes.toString('utf8');
    hashes.set(file, hashOf(text));
    write(path.join(folder, file), Buffer.from(mutate(file, text, mutants)));
  }
  return { folder, mutants, hashes };
}

function mutate(file: string, text: string, mutants: Mutant[]): string {
  const alike = new Map<string, number>();
  const changes = findChanges(file, text).map((change) => {
    const id = mutants.length + 1;
    const original = oneLine(text.slice(change.start, change.end));
    const replacement = oneLine(change.replacement);
    const { operator, fn } = change;
    const base = { file, fn, original, replacement };
    const same = keyOf({ ...base, nth: 0 });
    const nth = alike.get(same) ?? 0;
    alike.set(same, nth + 1);
    const line = text.slice(0, change.start).split('\n').length;
    mutants.push({ id, operator, ...base, line, nth });
    return { ...change, id };
  });
  return weave(text, changes, path.posix.relative(path.posix.dirname(file), 'test/mutate/sandbox/switch.ts'));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

function write(file: string, bytes: Buffer): void {
  if (existsSync(file) && readFileSync(file).equals(bytes)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

// Files that the project has no longer; their list is what the last run wrote.
function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  const list = path.join(folder, 'files.json');
  const before: readonly string[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const file of before) if (!kept.has(file)) rmSync(path.join(folder, file), { force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(list, JSON.stringify([...kept]));
}
