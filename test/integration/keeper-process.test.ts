// The end of a keeper's process: by itself when only a new start helps, so that whoever starts it again does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

const root = path.resolve(import.meta.dirname, '../..');
// Kills the thread that writes the store, on SIGUSR2.
const fault = 'process.once("worker", (worker) => process.once("SIGUSR2", () => worker.terminate()))';

test('when the thread that writes has died, the process ends, says why, and fails', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-keeper-end-'));
  const port = await freePort();
  const child = endWithUs(
    spawn(process.execPath, ['--import', `data:text/javascript,${fault}`, 'src/cli/main.ts', 'keeper', 'run'], {
      cwd: root,
      env: { ...process.env, LOG_LEVEL: 'silent', S3_PORT: String(port), KEEPER_DATA: path.join(folder, 'store') },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  await waitFor('the keeper to live', async () => (await fetch(`http://127.0.0.1:${port}/_keeper/livez`)).ok);
  child.kill('SIGUSR2');
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(Buffer.concat(said).toString()).toMatch(
    /^.+ the thread that writes the keeper's store has ended\. Start the keeper again; see the log\.\n$/,
  );
});
