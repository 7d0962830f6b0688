// One entry must not keep all others away. An entry that can't be read, or that the emulator refuses for good, is left out
// when the emulator is filled. The log and the status name it.
import type { Logger } from '../../shared/logger.ts';
import { isForGood } from '../put-back/put-back.ts';
import type { FillProgress } from './progress.ts';

/** Does `work` on an entry; what no repetition mends is named, all else is thrown. */
export async function leaveOutBad(
  { progress, logger }: { readonly progress: FillProgress; readonly logger: Logger },
  { bucket, key = '' }: { readonly bucket: string; readonly key?: string },
  work: () => Promise<unknown>,
): Promise<void> {
  const name = `${bucket}/${key}`;
  try {
    await work();
    progress.refused.delete(name);
  } catch (error) {
    if (!isForGood(error)) throw error;
    logger.error({ bucket, key, reason: error.message }, 'an entry was left out of the restore');
    if (error.code === 'S3BadAnswer') progress.refused.set(name, { bucket, key, reason: error.message });
  }
}
