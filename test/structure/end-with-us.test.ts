// A test that times out leaves no process behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';

const script = path.resolve(import.meta.dirname, '../support/starts-a-child.ts');

test.each(['exit', 'SIGTERM'] as const)('a child ends with the process that started it: %s', async (how) => {
  const starter = spawn(process.execPath, [script, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(starter, 'exit');
  const [said] = (await once(starter.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(pid).toBeGreaterThan(1);
  if (how === 'SIGTERM') starter.kill(how);
  await ended;
  await waitFor('the child to be gone', () => !isRunning(pid));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}
