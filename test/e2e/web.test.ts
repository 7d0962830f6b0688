// The page in a real browser on the real system, as `npm start` runs it: what a person does, start to end.
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readRunFile } from '../../src/embedded/run-file.ts';
import type { ImageJson, Page as PageOf } from '../../src/shared/image.ts';
import { createS3Client } from '../../src/shared/s3/client.ts';
import { createChild, type Part } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { allImageTypes, paddedImage, pngImage, smallImage } from '../support/images.ts';
import { chromiumPath, describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const bucket = 'my-test-bucket';
const fixtures = path.resolve(import.meta.dirname, '../fixtures/images');

describeWith(['chromium'], 'the page', () => {
  let folder: string;
  let url: string;
  let system: Part;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-web-'));
    await chmod(folder, 0o755); // Postgres runs as a user of its own when we are root
    const [port, s3Port] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}`;
    system = createChild({
      name: 'npm start',
      script: 'src/embedded/main.ts',
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(port),
        S3_PORT: String(s3Port),
        KEEPSAKE_DATA: path.join(folder, 'data'),
        INTEGRITY_INTERVAL: '0',
      },
      logFile: path.join(folder, 'start.log'),
      isReady: async () => (await fetch(`${url}/readyz`)).ok,
    });
    await system.start();
    browser = await chromium.launch({ executablePath: chromiumPath() ?? '', args: quiet });
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      const isRefusedRequest = message.text().startsWith('Failed to load resource'); // which tests provoke
      if (message.type() === 'error' && !isRefusedRequest) complaints.push(message.text());
    });
    await page.goto(url);
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]); // a script's error, or something that the content security policy refused
  });

  test('uploads several images at once, and says what failed and why', async () => {
    await page.getByRole('heading', { name: 'No images yet' }).waitFor();
    const images = allImageTypes.map((type) => ({
      name: `small ${type.replace(/\W/g, ' ')}`,
      mimeType: type,
      buffer: smallImage(type),
    }));
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([
        ...images,
        { name: 'large.png', mimeType: 'image/png', buffer: paddedImage('image/png', 5_000_000, 7) },
        { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no image at all') },
      ]);
    await page.getByRole('heading', { name: '7 stored, 1 failed' }).waitFor();
    const failed = page.locator('ks-upload-row').filter({ hasText: 'notes.png' });
    await failed.getByText('no image that can be taken. Expected: PNG').waitFor();

    await waitFor('all pictures to be drawn', async () => (await drawnPictures(page)) === 7);
    await page.reload();
    await waitFor('all pictures to be drawn again', async () => (await drawnPictures(page)) === 7);
    expect(await page.getByRole('main').getByRole('link').count()).toBe(7);
  });

  test('takes files that are dropped on the window', async () => {
    const bytes = pngImage({ width: 40, height: 30, seed: 9 }).toString('base64');
    await page.evaluate(async (encoded) => {
      const blob = new Blob([Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))], { type: 'image/png' });
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
      for (const name of ['dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await page.getByRole('main').getByRole('link', { name: 'dropped.png' }).waitFor();
  });

  test('cancels an upload that hangs, and takes up again one that was cut off', async () => {
    const buffer = pngImage({ width: 40, height: 30, seed: 11 });
    const files = [{ name: 'hangs.png', mimeType: 'image/png', buffer }];
    await page.route('**/api/images/', (route) => (route.request().method() === 'POST' ? undefined : route.continue()));
    await page.locator('input[type=file]').first().setInputFiles(files);
    await page.getByRole('button', { name: 'Cancel hangs.png' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.unroute('**/api/images/');

    await page.route('**/api/images/', (route) => route.abort('connectionreset'), { times: 1 });
    await page.getByRole('button', { name: 'Retry hangs.png' }).click();
    await page.getByText('The connection ended before the server answered.').waitFor();
    await page.getByRole('button', { name: 'Retry hangs.png' }).click();
    await page.getByRole('main').getByRole('link', { name: 'hangs.png' }).waitFor();
    expect(await listed(url, 'hangs.png')).toHaveLength(1);
  });

  test('shows one image with its facts, retitles it and deletes it', async () => {
    const image = await upload(url, 'one.png', paddedImage('image/png', 1_234_567, 5));
    await page.reload();
    await page.getByRole('main').getByRole('link', { name: 'one.png' }).click();
    await page.getByRole('heading', { name: 'one.png' }).waitFor();
    await page.getByText('(1,234,567 bytes)').waitFor();
    await page.getByText(image.sha256).waitFor();

    await page.getByRole('button', { name: 'Edit title' }).click();
    await page.getByLabel('Title').fill('Ärger & <b>Ruhe</b>');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ärger & <b>Ruhe</b>' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Ärger & <b>Ruhe</b>' }).waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.keyboard.press('Escape'); // asked first; Escape is a no
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete image' }).click();
    await page.getByRole('heading', { name: 'Images' }).waitFor();
    expect(await listed(url, 'one.png')).toEqual([]);

    await page.goto(`${url}/images/${image.id}`);
    await page.getByRole('alert').waitFor();
  });

  test('shows whatever was taken, and takes nothing that it can not show', async () => {
    const names = readdirSync(fixtures).sort();
    const files = [
      ...names.map((name) => [name, readFileSync(path.join(fixtures, name))] as const),
      ...allImageTypes.map((type) => [type, smallImage(type)] as const),
    ];
    const verdicts = [];
    for (const [name, bytes] of files) {
      const form = new FormData();
      form.append('image', new Blob([new Uint8Array(bytes)]), name);
      const answer = await fetch(`${url}/api/images/`, { method: 'POST', body: form });
      const { image_url } = (await answer.json()) as Partial<ImageJson>;
      const isShown = image_url !== undefined && (await page.evaluate(canShow, image_url));
      verdicts.push(`${name}: ${answer.status}${isShown ? ', shown' : ''}`);
    }
    const taken = ['MA1A.avif', 'mif1.avif', 'entitybracket.svg', 'utf16le.svg', ...allImageTypes];
    expect(verdicts).toEqual(files.map(([name]) => `${name}: ${taken.includes(name) ? '201, shown' : '415'}`));
  });

  test('says a broken link on every view, shows what a repair would do, and repairs when told', async () => {
    const bytes = pngImage({ width: 60, height: 40, seed: 3 });
    const image = await upload(url, 'lost.png', bytes);
    await removeFromS3(path.join(folder, 'data'), image.key);

    await page.getByRole('link', { name: 'Integrity' }).click();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByLabel('Status').getByText('Degraded', { exact: true }).waitFor();
    await page.locator('ks-report-findings').getByText(image.key).waitFor();

    const visitor = await browser.newPage(); // whose browser has no picture in its cache
    await visitor.goto(url);
    await visitor.getByRole('status').getByText('Degraded.').waitFor();
    await visitor
      .locator('ks-image-card')
      .filter({ hasText: 'lost.png' })
      .getByText('link of this image is broken')
      .waitFor();
    await visitor.close();

    await page.getByRole('button', { name: 'Preview repair' }).click();
    await page.getByText('A repair would take 1 step.').first().waitFor();
    expect((await fetch(url + image.image_url)).ok).toBe(false); // a preview changes nothing

    await page.getByRole('button', { name: 'Repair…' }).first().click();
    await page.locator('ks-confirm-dialog').getByText(image.key).waitFor();
    await page.getByRole('button', { name: 'Repair', exact: true }).click();
    await page.getByLabel('Status').getByText('Healthy', { exact: true }).waitFor();
    await page.locator('ks-action-journal').getByText(image.key).waitFor();
    const served = await fetch(url + image.image_url);
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

/** How many pictures of the gallery have pixels. */
/** In the page: whether an `<img>` of it draws. */
async function canShow(src: string): Promise<boolean> {
  const picture = new Image();
  picture.src = src;
  return picture.decode().then(
    () => picture.naturalWidth > 0,
    () => false,
  );
}

function drawnPictures(page: Page): Promise<number> {
  return page
    .locator('ks-picture-frame img')
    .evaluateAll((pictures) => pictures.filter((one) => (one as HTMLImageElement).naturalWidth > 0).length);
}

async function listed(url: string, originalName: string): Promise<ImageJson[]> {
  const answer = await fetch(`${url}/api/images/?limit=100`);
  const { results } = (await answer.json()) as PageOf<ImageJson>;
  return results.filter((image) => image.original_name === originalName);
}

async function upload(url: string, name: string, bytes: Buffer): Promise<ImageJson> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), name);
  const answer = await fetch(`${url}/api/images/`, { method: 'POST', body: form });
  expect(answer.status).toBe(201);
  return (await answer.json()) as ImageJson;
}

async function removeFromS3(dataFolder: string, key: string): Promise<void> {
  const endpoint = readRunFile(path.join(dataFolder, 'run.json'))?.s3Url ?? undefined;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createS3Client({ endpoint, region: 'us-east-1', bucket, credentials });
  try {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  } finally {
    client.destroy();
  }
}
