// `keepsake start`: what `npm start` runs.
import { runUntilStopped } from '../../embedded/index.ts';
import type { Context } from '../context.ts';

export function start({ env }: Context): Promise<number> {
  return runUntilStopped(env);
}
