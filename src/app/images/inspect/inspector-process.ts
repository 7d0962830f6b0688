// The process that decodes images (P7): whatever an image does to libvips or libxml2, it does it here. One job at a time;
// it ends when its parent does.
import type { DrawJob, InspectJob } from './facts.ts';
import { inspectImage } from './inspect.ts';
import { drawRaster } from './raster.ts';

process.on('message', async (job: InspectJob | DrawJob) => {
  process.send?.('width' in job ? await drawRaster(job) : await inspectImage(job));
});
process.on('disconnect', () => process.exit());
