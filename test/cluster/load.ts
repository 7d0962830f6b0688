// People at work while things die: uploads without pause, and each acknowledged image asked for again and again.
import { setTimeout as delay } from 'node:timers/promises';
import { paddedImage, pngImage } from '../support/images.ts';
import { type Acknowledged, ask, sha256Of, upload } from './door.ts';

export interface Load {
  /** All images acknowledged so far. */
  readonly acknowledged: readonly Acknowledged[];
  /** A violation: an acknowledged image that was a 404, or other bytes. */
  readonly broken: readonly string[];
  /** Ends it; how often an image was read, whole. */
  stop(): Promise<number>;
}

/** Starts two that upload and two that read. */
export function startLoad(): Load {
  const acknowledged: Acknowledged[] = [];
  const broken: string[] = [];
  let isStopped = false;
  let reads = 0;
  let next = 0;

  const uploading = async (): Promise<void> => {
    while (!isStopped) {
      const index = next++;
      const image = await upload(imageOf(index), `load-${index}.png`);
      if (image) acknowledged.push(image);
      else await pause();
    }
  };
  const reading = async (): Promise<void> => {
    for (let index = 0; !isStopped; index++) {
      const image = acknowledged[index % Math.max(1, acknowledged.length)];
      const fault = image ? await faultOf(image) : 'nothing is there yet';
      if (fault === undefined) reads++;
      else await pause();
      if (fault?.startsWith('broken')) broken.push(fault);
    }
  };
  const working = Promise.all([uploading(), uploading(), reading(), reading()]);
  return {
    acknowledged,
    broken,
    async stop() {
      isStopped = true;
      await working;
      return reads;
    },
  };
}

/** While a part is away: as a person would, not thousands of times. */
const pause = () => delay(100);

/**
 * Why an image can't be had; undefined when it is served byte for byte. `broken …` for what must never be said of an
 * acknowledged one; else a part is away for now. A 502 is the ingress's own unless it names the missing object.
 */
export async function faultOf({ path, sha256 }: Acknowledged): Promise<string | undefined> {
  const { status, body } = await ask(path);
  if (status === 200) return sha256Of(body) === sha256 ? undefined : `broken: other bytes at ${path}`;
  const isMissing = status === 404 || body.includes('S3ObjectMissing');
  return isMissing ? `broken: ${status} at ${path}` : `away: ${status}`;
}

/** Images of mixed sizes: most small, each tenth one of a megabyte. */
export function imageOf(index: number): Buffer {
  return index % 10 === 9
    ? paddedImage('image/png', 1024 ** 2, index)
    : pngImage({ width: 64, height: 64, seed: index });
}
