import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { onOneProcessor } from './one-processor.ts';

const [python = '', ...words] = onOneProcessor;

function canRun(): boolean {
  try {
    return process.platform === 'linux' && execFileSync(python, ['--version']).length > 0;
  } catch {
    return false;
  }
}

test.runIf(canRun())(
  'what it runs has one processor, its own process id, and no signal ignored that was not before',
  () => {
    const status = (...command: readonly string[]): string => {
      const [program = '', ...args] = [...command, 'cat', '/proc/self/status'];
      return execFileSync(program, args, { encoding: 'utf8' });
    };
    const ignored = (text: string) => /^SigIgn:\s+(\S+)$/m.exec(text)?.[1];
    const seen = status(python, ...words);
    expect(seen).toMatch(/^Cpus_allowed_list:\s+\d+$/m);
    expect(seen).toMatch(/^Name:\s+cat$/m);
    expect(ignored(seen)).toBe(ignored(status('env')));
  },
);
