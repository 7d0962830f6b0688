import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { describeWith } from '../test/support/requirements.ts';
import { onOneProcessor } from './one-processor.ts';

const [python = '', ...words] = onOneProcessor;

describeWith(['python3'], 'what runs on one processor', () => {
  test('has that one, its own process id, and no signal ignored that was not before', () => {
    const status = (...command: readonly string[]): string => {
      const [program = '', ...args] = [...command, 'cat', '/proc/self/status'];
      return execFileSync(program, args, { encoding: 'utf8' });
    };
    const ignored = (text: string) => /^SigIgn:\s+(\S+)$/m.exec(text)?.[1];
    const seen = status(python, ...words);
    expect(seen).toMatch(/^Cpus_allowed_list:\s+\d+$/m);
    expect(seen).toMatch(/^Name:\s+cat$/m);
    expect(ignored(seen)).toBe(ignored(status('env')));
  });
});
