import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isLocked, takeLock } from './folder-lock.ts';

test('a lock keeps others out until its holder ends, even by SIGKILL', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-lock-'));
  const file = path.join(folder, 'lock');
  const module = path.join(import.meta.dirname, 'folder-lock.ts');
  const script = `import { takeLock } from ${JSON.stringify(module)};
    takeLock(${JSON.stringify(file)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    expect(isLocked(file)).toBe(true);
    expect(takeLock(file)).toBeUndefined();
  } finally {
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
  }
  expect(isLocked(file)).toBe(false);
  const lock = takeLock(file);
  expect(lock).toBeDefined();
  lock?.release();
  await rm(folder, { recursive: true });
});
