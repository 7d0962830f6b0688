// The S3 that the bench measures against: an S3 that is there already, a LocalStack of its own, or the embedded
// emulator.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createChild, type Part } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { createLocalStack, type Processors } from '../support/localstack.ts';
import type { UpstreamOptions } from './options.ts';

export interface Upstream {
  readonly name: string;
  /** Of a LocalStack of the bench's own. */
  readonly localstackProcessors?: Processors;
  readonly url: string;
  readonly part: Part | undefined;
}

export async function createUpstream(options: UpstreamOptions, folder: string): Promise<Upstream> {
  const { upstream: name, localstackCommand: command, localstackProcessors: processors } = options;
  if (URL.canParse(name)) return { name, url: name, part: undefined };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  if (name === 'localstack')
    return { name, localstackProcessors: processors, url, part: createLocalStack(port, { command, processors }) };
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
  return { name, url, part };
}
