// What the bench measures against: an S3 that is there already, a LocalStack of its own, or the embedded emulator.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createChild, type Part } from '../support/child.ts';
import { freePort } from '../support/global-setup.ts';
import { createLocalStack } from '../support/localstack.ts';

export interface Upstream {
  readonly name: string;
  readonly url: string;
  readonly part: Part | undefined;
}

/** `choice`: `embedded`, `localstack` (in a container, or run by `command`), or the URL of an S3 emulator that runs. */
export async function createUpstream(choice: string, folder: string, command?: string): Promise<Upstream> {
  if (URL.canParse(choice)) return { name: choice, url: new URL(choice).origin, part: undefined };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  if (choice === 'localstack') return { name: choice, url, part: createLocalStack(port, command) };
  if (choice !== 'embedded') throw new Error(`--upstream: expected embedded, localstack or a URL, got ${choice}`);
  const scratch = path.join(folder, 'emulator');
  await mkdir(scratch, { recursive: true });
  const part = createChild({
    name: 'the embedded emulator',
    script: 'test/bench/emulator.ts',
    args: [scratch, String(port)],
    env: process.env,
    logFile: path.join(folder, 'emulator.log'),
    isReady: async () => (await fetch(url)).ok,
  });
  return { name: choice, url, part };
}
