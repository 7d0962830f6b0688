// Looks at one whole image, whatever its type.
import { readFile } from 'node:fs/promises';
import type { Inspection, InspectJob } from './facts.ts';
import { inspectRaster } from './raster.ts';
import { inspectSvg } from './svg-document.ts';

/** Decodes an image to its end. Never rejects for what is in the image. */
export async function inspectImage(job: InspectJob): Promise<Inspection> {
  if (job.type !== 'image/svg+xml') return inspectRaster(job);
  return inspectSvg(typeof job.source === 'string' ? await readFile(job.source) : job.source);
}
