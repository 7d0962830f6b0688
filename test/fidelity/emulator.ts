// The LocalStack that both doors lead to.
import type { EmulatorKind } from '../support/emulator.ts';
import { freePort } from '../support/global-setup.ts';
import { createLocalStack } from '../support/localstack.ts';

export interface FidelityEmulator extends EmulatorKind {
  /** Whether it is ours: one that others use is not killed. */
  readonly canBeKilled: boolean;
}

/** `command` starts it; else the one at `url` is used as it is; else it runs in a container. */
export function chooseLocalStack(command: string | undefined, url: string | undefined): FidelityEmulator {
  const kind = { name: 'LocalStack', requirements: [], isWhole: true };
  if (command === undefined && url !== undefined)
    return { ...kind, canBeKilled: false, create: async () => standing(url) };
  return {
    ...kind,
    canBeKilled: true,
    async create() {
      const port = await freePort();
      return { ...createLocalStack(port, command), url: `http://127.0.0.1:${port}` };
    },
  };
}

function standing(url: string) {
  const nothing = async () => {};
  return { name: 'LocalStack', url: new URL(url).origin, start: nothing, kill: nothing, stop: async () => null };
}
