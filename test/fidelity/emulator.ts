// The emulator that both doors lead to.
import path from 'node:path';
import { createChild } from '../support/child.ts';
import type { EmulatorKind } from '../support/emulator.ts';
import { freePort } from '../support/free-port.ts';
import { createLocalStack } from '../support/localstack.ts';

export interface FidelityEmulator extends EmulatorKind {
  /** Whether it is ours: one that others use is not killed. */
  readonly canBeKilled: boolean;
}

export interface EmulatorChoice {
  /** Its name. */
  readonly name: string;
  /** The shell's words that run it in the foreground, `{port}` in them for its port. */
  readonly run: string | undefined;
  /** Starts and kills a LocalStack: `CMD start PORT`, `CMD kill PORT`. */
  readonly localStackCommand: string | undefined;
  /** Where one runs already. */
  readonly url: string | undefined;
}

/** The one that is run by a command, else the one at the URL as it is, else a LocalStack in a container. */
export function chooseEmulator({ name, run, localStackCommand, url }: EmulatorChoice): FidelityEmulator {
  const kind = { name, requirements: [], isWhole: true };
  if (run !== undefined)
    return { ...kind, canBeKilled: true, create: async (folder) => runEmulator(name, run, folder, await freePort()) };
  if (localStackCommand === undefined && url !== undefined)
    return { ...kind, canBeKilled: false, create: async () => standing(name, url) };
  return {
    ...kind,
    canBeKilled: true,
    async create() {
      const port = await freePort();
      return { ...createLocalStack(port, { command: localStackCommand }), url: `http://127.0.0.1:${port}` };
    },
  };
}

function runEmulator(name: string, run: string, folder: string, port: number) {
  const url = `http://127.0.0.1:${port}`;
  const child = createChild({
    name,
    program: 'sh',
    script: '-c',
    args: [`exec ${run.replaceAll('{port}', String(port))}`],
    env: process.env,
    logFile: path.join(folder, 'emulator.log'),
    isReady: async () => (await fetch(url)).status < 500,
  });
  return { ...child, url };
}

function standing(name: string, url: string) {
  const nothing = async () => {};
  const untouched = { start: nothing, kill: nothing, hang: nothing, resume: nothing, stop: async () => null };
  return { name, url: new URL(url).origin, ...untouched };
}
