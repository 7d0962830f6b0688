// The images, built from the tree and loaded into the cluster's node.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { form } from './form.ts';

const run = promisify(execFile);

/** As charts/environments.ts names them for `local`. */
export const images = { keepsake: 'keepsake:dev', web: 'keepsake-web:dev' } as const;

/** In `tilt` what stays runs from an image of its own (`charts/environments.ts`). */
const liveImage = 'keepsake-live:dev';

/**
 * Builds and loads those of the form. KEEPSAKE_LOAD_IMAGES names the command that loads (the images follow as its arguments);
 * without it kind loads them.
 */
export async function buildAndLoadImages(context: string): Promise<void> {
  const names: string[] = [...Object.values(images)];
  await build(images.keepsake, ['-f', 'Dockerfile']);
  await build(images.web, ['-f', 'Dockerfile.web']);
  if (form === 'tilt') {
    await build(liveImage, ['-f', 'Dockerfile', '--target', 'live']);
    names.push(liveImage);
  }
  const kind = `kind load docker-image --name ${context.replace(/^kind-/, '')}`;
  const [command = '', ...args] = (process.env.KEEPSAKE_LOAD_IMAGES ?? kind).split(' ');
  const load = () => run(command, [...args, ...names], { timeout: 300_000 });
  // The node clears away layers of the images' last versions meanwhile, sometimes one that the new ones stand on.
  await load().catch(load);
}

/** Sizes in bytes, as the Docker engine counts them. */
export async function imageSizes(): Promise<Record<keyof typeof images, number>> {
  const sizeOf = async (image: string) =>
    Number((await run('docker', ['image', 'inspect', '--format', '{{.Size}}', image])).stdout);
  return { keepsake: await sizeOf(images.keepsake), web: await sizeOf(images.web) };
}

async function build(image: string, how: readonly string[]): Promise<void> {
  // On the host's network: an engine without a bridge of its own can build too.
  await run('docker', ['build', '--network', 'host', '-q', '-t', image, ...how, '.'], { timeout: 900_000 });
}
