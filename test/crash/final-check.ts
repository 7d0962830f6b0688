// The reconciler's word at the end: Healthy, after at most one repair of uploads that were cut in half.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface FinalCheck {
  readonly isHealthy: boolean;
  /** 0 or 1. */
  readonly repairs: number;
  /** The output of the commands, when it is not healthy. */
  readonly output: string;
}

/** Runs `check`, when that finds drift `fix --fix --yes` once, and `check` again. */
export async function checkAtTheEnd(env: NodeJS.ProcessEnv): Promise<FinalCheck> {
  const first = await keepsake(['check'], env);
  if (first.code === 0) return { isHealthy: true, repairs: 0, output: '' };
  const repair = await keepsake(['fix', '--fix', '--yes'], env);
  const second = await keepsake(['check'], env);
  const isHealthy = second.code === 0;
  return { isHealthy, repairs: 1, output: isHealthy ? '' : [first, repair, second].map(({ text }) => text).join('\n') };
}

async function keepsake(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = `$ keepsake ${args.join(' ')}\n`;
  const collect = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, text: `${text}exit ${code}\n` };
}
