// Background work of a running keeper for its disk. It enforces retention every minute, and at once when the bound in
// bytes is passed or the disk gets low.
import type { Logger } from '../../shared/logger.ts';
import type { Store } from './contract.ts';
import type { DiskGuard } from './disk-guard.ts';

const expireEveryMs = 60_000;
const lookEveryMs = 1_000;

interface HousekeepingOptions {
  readonly store: Store;
  readonly disk: DiskGuard;
  readonly retentionBytes: number;
  readonly logger: Logger;
}

/** Starts it; the caller stops it by calling what it gets. Failures are logged, and tried again a minute later. */
export function startHousekeeping({ store, disk, retentionBytes, logger }: HousekeepingOptions): () => void {
  let isUnderWay = false;
  let wasLow = false;
  let mayHurry = true;
  const expire = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      await store.expire(Date.now());
      mayHurry = true;
    } catch (error) {
      mayHurry = false; // else a fault would be met again at every look
      logger.warn({ err: error }, 'old versions could not be dropped');
    } finally {
      isUnderWay = false;
    }
  };
  const look = (): void => {
    const isNewlyLow = disk.isLow && !wasLow;
    if (disk.isLow !== wasLow) tell(disk, logger);
    wasLow = disk.isLow;
    if (mayHurry && (isNewlyLow || store.counts().retiredBytes > retentionBytes)) void expire();
  };
  const timers = [setInterval(() => void expire(), expireEveryMs), setInterval(look, lookEveryMs)];
  return () => timers.forEach(clearInterval);
}

function tell({ isLow, space, minFreeBytes }: DiskGuard, logger: Logger): void {
  const facts = { ...space, minFreeBytes };
  if (isLow) logger.warn(facts, 'the disk is nearly full: what needs space is refused');
  else logger.info(facts, 'the disk has room again');
}
