// Where a bench keeps what it measures with.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * A new folder, gone when this process ends. In TMPDIR, else on a disk: `/tmp` is memory on many a Linux, where an fsync
 * costs nothing; `/var/tmp` outlives a start (FHS 3.0, 5.15).
 */
export async function makeBenchFolder(): Promise<string> {
  const above = process.env.TMPDIR || (process.platform === 'linux' ? '/var/tmp' : os.tmpdir());
  const folder = await mkdtemp(path.join(above, 'keepsake-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  return folder;
}
