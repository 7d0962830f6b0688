// `keepsake keeper run`: the keeper's process. Logs JSON to stderr, ends in order on SIGTERM.
import { readKeeperConfig, serveKeeper } from '../../keeper/index.ts';
import { readTogether } from '../../shared/config.ts';
import { readLogLevel } from '../../shared/log-settings.ts';
import { createLogger } from '../../shared/logger.ts';
import { stopSignal } from '../../shared/stop-signal.ts';
import type { Context } from '../context.ts';

/** Serves until SIGTERM or SIGINT. @throws KeepsakeError when its store can't write any more */
export async function keeperRun({ env }: Context): Promise<number> {
  const [config, logLevel] = readTogether(env, [readKeeperConfig, readLogLevel]);
  await serveKeeper(config, { logger: createLogger('keeper', logLevel), signal: stopSignal() });
  return 0;
}
