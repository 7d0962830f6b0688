// How long from `kubectl apply` until the first image is served through the ingress, and how large the images are.
// Takes the cluster of the current context from empty to up and back: `npm run bench:cluster`. Last line: JSON.
import { createCommand } from 'commander';
import { reasonOf } from '../../src/shared/errors.ts';
import { upload } from '../cluster/door.ts';
import { buildAndLoadImages, imageSizes } from '../cluster/images.ts';
import { applySystem, ownContext, removeSystem } from '../cluster/kubectl.ts';
import { faultOf } from '../cluster/load.ts';
import { isSystemReady } from '../cluster/pods.ts';
import { pngImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';

const patience = { timeoutMs: 300_000, everyMs: 250 };
const image = pngImage({ width: 640, height: 480, seed: 1 });

createCommand('npm run bench:cluster --')
  .description('Removes Keepsake from the cluster of the current context, and times its start. The last line is JSON.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const context = await ownContext().catch((error: unknown) => {
  console.error(
    `No cluster is named by the current context (KUBECONFIG): ${reasonOf(error).trim().split('\n').at(-1)}`,
  );
  process.exit(2);
});
await removeSystem();
await buildAndLoadImages(context);
const start = performance.now();
const secondsSoFar = () => Math.round((performance.now() - start) / 100) / 10;
try {
  await applySystem();
  const ready = waitFor('all pods', isSystemReady, patience).then(secondsSoFar);
  const served = waitFor('the first image', uploadAndView, patience).then(secondsSoFar);
  const [readySeconds, firstImageServedSeconds] = await Promise.all([ready, served]);
  const { keepsake, web } = await imageSizes();
  console.log(`all pods ready after ${readySeconds} s, the first image served after ${firstImageServedSeconds} s`);
  console.log(`keepsake ${inMegabytes(keepsake)} MB, web ${inMegabytes(web)} MB, their bases included`);
  console.log(JSON.stringify({ readySeconds, firstImageServedSeconds, imageBytes: { keepsake, web } }));
} finally {
  await removeSystem();
}

async function uploadAndView(): Promise<boolean> {
  const uploaded = await upload(image, 'first.png');
  return uploaded !== undefined && (await faultOf(uploaded)) === undefined;
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
