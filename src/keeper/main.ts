// The keeper's process alone, as its own image runs it; `keepsake keeper run` is the same process with all commands beside it.
import { asKeepsakeError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { stopSignal } from '../shared/stop-signal.ts';
import { readKeeperConfig, serveKeeper } from './index.ts';

try {
  const logger = createLogger('keeper', process.env.LOG_LEVEL);
  await serveKeeper(readKeeperConfig(process.env), { logger, signal: stopSignal() });
} catch (thrown) {
  const error = asKeepsakeError(thrown);
  console.error(`keepsake keeper: ${error.message}`);
  if (error.kind === 'bug') console.error(thrown);
  process.exitCode = 2;
}
