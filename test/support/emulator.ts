// Emulators that tests of the keeper put behind it: they forget all when they are killed, and start again where they were.
import path from 'node:path';
import { createChild, type HangingPart } from './child.ts';
import { freePort } from './free-port.ts';
import { createLocalStack } from './localstack.ts';
import type { Requirement } from './requirements.ts';

export interface TestEmulator extends HangingPart {
  readonly url: string;
}

/** The emulators that a suite runs against, one after the other. */
export interface EmulatorKind {
  readonly name: string;
  readonly requirements: readonly Requirement[];
  /** Whether it knows tags, bucket settings, object checksums: the whole of S3. */
  readonly isWhole: boolean;
  create(folder: string): Promise<TestEmulator>;
}

export const fauxqs: EmulatorKind = {
  name: 'fauxqs',
  requirements: [],
  isWhole: false,
  async create(folder) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = createChild({
      name: 'fauxqs',
      script: path.join(import.meta.dirname, 'fauxqs.ts'),
      args: [String(port)],
      env: process.env,
      logFile: path.join(folder, 'fauxqs.log'),
      isReady: async () => (await fetch(url)).ok,
    });
    return { ...child, url };
  },
};

export const localStack: EmulatorKind = {
  name: 'LocalStack',
  requirements: ['docker'],
  isWhole: true,
  async create() {
    const port = await freePort();
    return { ...createLocalStack(port), url: `http://127.0.0.1:${port}` };
  },
};
