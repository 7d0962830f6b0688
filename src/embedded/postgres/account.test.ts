import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { firstBarrier } from './account.ts';

test('names the first folder on the way that a user may not pass through', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'keepsake-account-'));
  const closed = path.join(root, 'home');
  const inside = path.join(closed, 'project');
  const [uid, gid] = [54_321, 54_321]; // nobody's: only what others may counts
  try {
    await mkdir(inside, { recursive: true });
    await chmod(root, 0o755);
    await chmod(closed, 0o700);
    expect(firstBarrier(path.join(inside, 'to-be-made'), uid, gid)).toBe(closed);
    await chmod(closed, 0o711);
    expect(firstBarrier(path.join(inside, 'to-be-made'), uid, gid)).toBeUndefined();
    expect(firstBarrier(inside, process.getuid?.() ?? 0, gid)).toBeUndefined();
  } finally {
    await rm(root, { recursive: true });
  }
});
