// The keeper's process: settings from the environment, an end on SIGTERM or SIGINT, one clear line when it can't start.
import { asKeepsakeError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { readKeeperConfig, startKeeper } from './index.ts';

try {
  const keeper = await startKeeper(readKeeperConfig(process.env), {
    logger: createLogger('keeper', process.env.LOG_LEVEL),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void keeper.close());
} catch (thrown) {
  const error = asKeepsakeError(thrown);
  console.error(`keepsake keeper: ${error.message}`);
  if (error.kind === 'bug') console.error(thrown);
  process.exitCode = 2;
}
