// Fills the emulator while requests are answered: a walk over all objects in key order, then the uploads in progress. It
// goes on where it was after a failure. Memory flat; a damaged entry is left out.
import type { Logger } from '../../shared/logger.ts';
import { agreeOnUpload } from '../put-back/agree.ts';
import type { KeyName } from '../s3/target.ts';
import type { ObjectRecord, Store } from '../store/contract.ts';
import { eachAtOnce } from '../turn/at-once.ts';
import { leaveOutBad } from '../turn/leave-out.ts';
import { type FillProgress, secondsLeft } from '../turn/progress.ts';
import type { WholeKeys } from '../turn/whole-keys.ts';
import { manyAtOnce, type Wholeness } from '../turn/wholeness.ts';
import type { Emulator } from '../upstream/emulator.ts';

// While clients wait for keys of theirs the walk steps back; so far only that it is never starved.
const fewAtOnce = 8;
const tellEveryMs = 10_000;

/** The parts that a filling uses. */
export interface FillParts {
  readonly store: Store;
  readonly emulator: Emulator;
  readonly wholeness: Wholeness;
  readonly progress: FillProgress;
  readonly logger: Logger;
}

/** A filling of the session of `epoch`: each call of what it gives goes on with it. @throws (rejects) when the emulator fails */
export function createFilling(
  parts: FillParts,
  epoch: number,
  keys: WholeKeys,
): (signal: AbortSignal) => Promise<void> {
  const { wholeness, progress, logger, store } = parts;
  const walk = new Walk(store, keys);
  const width = (): number => (keys.isFull ? 0 : wholeness.waiting > 0 ? fewAtOnce : manyAtOnce);
  return async (signal) => {
    const telling = setInterval(() => {
      const { objectsDone, objectsTotal, bytesDone } = progress;
      logger.info(
        { objectsDone, objectsTotal, bytesDone, secondsLeft: secondsLeft(progress, Date.now()) },
        'restoring',
      );
    }, tellEveryMs);
    try {
      await eachAtOnce(walk.rest(), (name) => wholeness.putBack(epoch, name), { width, signal });
      for (const upload of signal.aborted ? [] : store.uploads())
        await leaveOutBad(parts, upload, () => putUploadBack(parts, epoch, upload.uploadId));
    } finally {
      clearInterval(telling);
    }
  };
}

async function putUploadBack({ emulator, store }: FillParts, epoch: number, uploadId: string): Promise<void> {
  const endWork = emulator.gate.beginWork();
  try {
    await agreeOnUpload(store, emulator.clientFor(epoch), uploadId);
  } finally {
    endWork();
  }
}

/** All objects in key order, once: what was taken and not done is given again. */
class Walk {
  readonly #store: Store;
  readonly #keys: WholeKeys;
  #objects: Iterator<ObjectRecord> | undefined;

  constructor(store: Store, keys: WholeKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  *rest(): Generator<KeyName, void, void> {
    const again = this.#keys.unfinished();
    yield* again;
    const skipped = new Set(again.map(({ bucket, key }) => `${bucket}/${key}`));
    for (let record = this.#next(); record !== undefined; record = this.#next()) {
      if (this.#keys.has(record) || skipped.has(`${record.bucket}/${record.key}`)) continue;
      this.#keys.begin(record);
      yield record;
    }
  }

  // After an error the iterator is at its end, and is not to be taken for one that has seen all.
  #next(): ObjectRecord | undefined {
    this.#objects ??= this.#store.objects()[Symbol.iterator]();
    try {
      const { done, value } = this.#objects.next();
      return done ? undefined : value;
    } catch (error) {
      this.#objects = undefined;
      throw error;
    }
  }
}
