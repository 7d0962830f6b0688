// The files whose lines carry a promise. An entry that names no file is a fault, so a file that moves takes its entry along.
import { globSync } from 'node:fs';

/** Globs below the project's root. A leading `!` takes away what the entries before it named. */
const scope: readonly string[] = [
  'src/shared/key-order.ts',
  'src/keeper/store/**/*.ts',
  '!src/keeper/store/{killed-writer,faulty-files,store-fixture}.ts',
  'src/keeper/turn/locks.ts',
  'src/keeper/upstream/gate.ts',
  'src/keeper/s3/{classify,aws-chunked}.ts',
  'src/keeper/proxy/{put-object,delete-objects}.ts',
  'src/app/images/{upload,object-writer,outbox,form,rows}.ts',
  'src/reconciler/{compare,plan,act}/**/*.ts',
  'src/reconciler/state/{journal,memory}.ts',
  'src/reconciler/{in-flight,ledger,pass}.ts',
];

/** The files to mutate, sorted, as paths below `root`. @throws Error that names an entry without a file */
export function filesInScope(root: string, entries: readonly string[] = scope): readonly string[] {
  const files = new Set<string>();
  for (const entry of entries) {
    const isTakenAway = entry.startsWith('!');
    for (const pattern of alternatives(isTakenAway ? entry.slice(1) : entry)) {
      const found = globSync(pattern, { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
      if (found.length === 0) throw new Error(`test/mutate/scope.ts: expected a file, got none for ${pattern}`);
      for (const file of found) isTakenAway ? files.delete(file) : files.add(file);
    }
  }
  return [...files].sort();
}

// Each alternative must exist: a glob with braces is content with one of them.
function alternatives(entry: string): readonly string[] {
  const match = /^(.*)\{([^{}]*)\}(.*)$/.exec(entry);
  if (!match) return [entry];
  const [, before = '', inside = '', after = ''] = match;
  return inside.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}
