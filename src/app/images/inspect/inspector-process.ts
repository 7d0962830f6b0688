// The process that decodes images (P7): whatever an image does to libvips or libxml2, it does it here. One job at a time;
// it ends when its parent does.
import type { InspectJob } from './facts.ts';
import { inspectImage } from './inspect.ts';

process.on('message', async (job: InspectJob) => {
  process.send?.(await inspectImage(job));
});
process.on('disconnect', () => process.exit());
