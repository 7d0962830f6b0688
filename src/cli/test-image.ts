// A real, small image through the real API: uploaded, read back byte for byte, removed. Without a running API the same
// code serves for a moment on a loopback port.
import { createApp, listen, readAppConfig } from '../app/index.ts';
import { KeepsakeError } from '../shared/errors.ts';
import type { ImageJson } from '../shared/image.ts';
import { paths } from '../shared/names.ts';
import type { Connected } from './connect.ts';
import type { Context } from './context.ts';
import { testPng } from './test-png.ts';

export interface ProvenImage {
  readonly id: string;
  readonly key: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly isKept: boolean;
}

/** @throws KeepsakeError what the API answers, or `ChecksumMismatch` when other bytes come back. */
export async function proveUpload(
  context: Context,
  connected: Connected,
  options: { readonly shouldKeep: boolean },
): Promise<ProvenImage> {
  const api = connected.system.running
    ? { url: connected.system.running.apiUrl, close: async () => {} }
    : await serveForAMoment(connected);
  try {
    const bytes = testPng();
    const image = await upload(api.url, bytes);
    await assertSame(`${api.url}${image.image_url}`, bytes);
    if (!options.shouldKeep) await remove(`${api.url}${paths.images}${image.id}/`);
    context.print(
      `${context.style('green', '✓')} test image ${image.id}: uploaded, read back byte for byte${options.shouldKeep ? ', kept' : ', removed'}`,
    );
    const { id, key, sha256, size_bytes: sizeBytes } = image;
    return { id, key, sha256, sizeBytes, isKept: options.shouldKeep };
  } finally {
    await api.close();
  }
}

async function serveForAMoment({ system, pool, bucket, reconcilerDeps: { logger } }: Connected) {
  const config = readAppConfig(system.env);
  const app = createApp({ config, pool, bucket, logger, integrity: null });
  const listening = await listen(app.handler, { host: '127.0.0.1', port: 0 });
  app.startBackground();
  return {
    url: listening.url,
    close: async () => {
      await listening.close();
      await app.close();
    },
  };
}

async function upload(apiUrl: string, bytes: Uint8Array<ArrayBuffer>): Promise<ImageJson> {
  const form = new FormData();
  form.set('image', new File([bytes], 'keepsake-test.png', { type: 'image/png' }));
  form.set('title', 'Test image of keepsake check');
  const response = await fetch(`${apiUrl}${paths.images}`, { method: 'POST', body: form });
  if (response.status !== 201) throw await refusal('the test image was refused', response);
  return (await response.json()) as ImageJson;
}

async function assertSame(url: string, bytes: Uint8Array): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw await refusal('the test image could not be read back', response);
  if (Buffer.from(await response.arrayBuffer()).equals(bytes)) return;
  throw new KeepsakeError('ChecksumMismatch', {
    what: 'the test image came back with other bytes',
    remedy: 'Look for what stands between the API and S3, then try again.',
  });
}

async function remove(url: string): Promise<void> {
  const response = await fetch(url, { method: 'DELETE' });
  if (!response.ok) throw await refusal('the test image could not be removed', response);
}

async function refusal(what: string, response: Response): Promise<KeepsakeError> {
  const got = `${response.status} ${(await response.text()).slice(0, 300)}`;
  return new KeepsakeError('S3BadAnswer', { what, got, remedy: 'Find out why: npm run doctor.' });
}
