// The command line on a running system: what is removed from S3 is found, shown, brought back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageJson } from '../../src/shared/image.ts';
import type { IntegrityReport } from '../../src/shared/report.ts';
import { freePort } from '../support/free-port.ts';
import { pngImage } from '../support/images.ts';
import {
  dataFolder,
  type Ended,
  keepsake,
  type StartedSystem,
  servedSha256,
  startSystem,
  uploadImage,
} from '../support/started-system.ts';

let folder: Awaited<ReturnType<typeof dataFolder>>;
let system: StartedSystem;
let images: readonly ImageJson[];

beforeAll(async () => {
  folder = await dataFolder();
  system = await startSystem(folder.path);
  images = await Promise.all(
    [1, 2, 3, 4, 5].map((seed) => uploadImage(system.run.apiUrl, pngImage({ width: 20, height: 20, seed }))),
  );
});

afterAll(async () => {
  await system?.end('SIGTERM');
  await folder?.remove();
});

const run = (...args: readonly string[]): Promise<Ended> => keepsake(args, { KEEPSAKE_DATA: folder.path });

function reportOf({ stdout }: Ended): IntegrityReport {
  return JSON.parse(stdout) as IntegrityReport;
}

function missingKeys(report: IntegrityReport): string[] {
  return report.sample.filter((one) => one.class === 'missing').map(({ key }) => key);
}

/** By the hand of somebody who knows nothing of the rows. */
async function inS3(method: 'DELETE' | 'PUT', key: string, body?: string): Promise<void> {
  const answer = await fetch(`${system.run.s3Url}/my-test-bucket/${key}`, { method, body: body ?? null });
  expect(answer.ok).toBe(true);
}

describe('check and fix', () => {
  test('check is clean, and its test image leaves nothing behind', async () => {
    const { code, stdout } = await run('check', '--create-test', '--json');
    const { report, testImage } = JSON.parse(stdout) as { report: IntegrityReport; testImage: { isKept: boolean } };
    expect({ code, status: report.status, ok: report.counts.ok.count }).toEqual({ code: 0, status: 'Healthy', ok: 5 });
    expect(testImage.isKept).toBe(false);
  });

  test('what was removed is named exactly, shown, brought back, and clean again', async () => {
    const removed = images.slice(1, 4);
    const keys = removed.map(({ key }) => key).toSorted();
    for (const key of keys) await inS3('DELETE', key);

    const checked = await run('check', '--json');
    expect({ code: checked.code, keys: missingKeys(reportOf(checked)) }).toEqual({ code: 1, keys });

    const shown = await run('fix');
    expect(shown.code).toBe(1);
    expect(shown.stdout).toContain('A repair would do 3 actions');
    const stillMissing = await run('check', '--json');
    expect(missingKeys(reportOf(stillMissing))).toEqual(keys);

    const unasked = await run('fix', '--fix');
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toMatch(/no terminal.*--yes/);

    const fixed = await run('fix', '--fix', '--yes', '--json');
    expect({ code: fixed.code, done: reportOf(fixed).actions.done }).toEqual({ code: 0, done: 3 });
    for (const image of images) expect(await servedSha256(system.run.apiUrl, image)).toBe(image.sha256);
    expect((await run('check')).code).toBe(0);
  });

  test('an orphan younger than the grace is left alone; without grace it is set aside, and undo brings it back', async () => {
    const key = 'images/stray.txt';
    const other = 'images/stray-too.txt';
    await inS3('PUT', key, 'an orphan');
    await inS3('PUT', other, 'another orphan');
    const young = await run('fix', '--clean-s3', '--yes', '--json');
    expect({ code: young.code, tooNew: reportOf(young).counts['too-new'].count }).toEqual({ code: 0, tooNew: 2 });

    expect((await run('check', '--grace', '0')).code).toBe(1);
    const cleaned = await run('fix', '--clean-s3', '--grace', '0', '--yes', '--json');
    expect(reportOf(cleaned).actions.sample).toMatchObject([
      { action: 'quarantine', key: other, state: 'done' },
      { action: 'quarantine', key, state: 'done' },
    ]);
    expect((await fetch(`${system.run.s3Url}/my-test-bucket/${key}`)).status).toBe(404);

    expect((await run('undo', 'last')).code).toBe(0);
    expect(await (await fetch(`${system.run.s3Url}/my-test-bucket/${key}`)).text()).toBe('an orphan');
    expect(await (await fetch(`${system.run.s3Url}/my-test-bucket/${other}`)).text()).toBe('another orphan');
    for (const one of [key, other]) await fetch(`${system.run.s3Url}/my-test-bucket/${one}`, { method: 'DELETE' });
  });

  test('with S3 stopped, check is incomplete and nothing is changed', async () => {
    const own = {
      DATABASE_URL: system.run.databaseUrl,
      AWS_S3_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}`,
      KEEPSAKE_DATA: folder.path,
    };
    const checked = await keepsake(['check', '--json'], own);
    expect({ code: checked.code, status: reportOf(checked).status }).toEqual({ code: 2, status: 'Incomplete' });
    const fixed = await keepsake(['fix', '--clean-all', '--yes', '--json'], own);
    expect({ code: fixed.code, done: reportOf(fixed).actions.done }).toEqual({ code: 2, done: 0 });
    for (const image of images) expect(await servedSha256(system.run.apiUrl, image)).toBe(image.sha256);
  });
});

describe('what else a person types', () => {
  test('doctor finds nothing broken', async () => {
    const { code, stdout } = await run('doctor', '--json');
    const { diagnoses } = JSON.parse(stdout) as { diagnoses: { name: string; state: string }[] };
    expect(diagnoses.filter(({ state }) => state === 'fault')).toEqual([]);
    expect(code).toBe(0);
  });

  test('keeper versions and restore bring a deleted object back', async () => {
    const url = `${system.run.s3Url}/my-test-bucket/notes.txt`;
    await fetch(url, { method: 'PUT', body: 'kept' });
    await fetch(url, { method: 'DELETE' });
    const { stdout } = await run('keeper', 'versions', 'notes.txt', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'deleted', sizeBytes: 4 }]);
    expect((await run('keeper', 'restore', 'notes.txt')).code).toBe(0);
    expect(await (await fetch(url)).text()).toBe('kept');
  });

  test('without a system it says both remedies, as JSON too', async () => {
    const ended = await keepsake(['check', '--json'], { KEEPSAKE_DATA: `${folder.path}-none` });
    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'NotConfigured' } });
    expect(ended.stderr).toMatch(/npm start.*DATABASE_URL/);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['DATABASE_URL', 'postgres://keepsake@127.0.0.1:1/another'],
    ['AWS_S3_ENDPOINT_URL', 'http://127.0.0.1:1'],
  ])('half a system in %s is not completed by the one that runs here', async (name, value) => {
    const ended = await keepsake(['fix', '--fix', '--yes'], { KEEPSAKE_DATA: folder.path, [name]: value });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(new RegExp(`${name} is set and names another system.*Set .* too`));
  });

  test.each([
    [['chekc'], /Did you mean check/],
    [['check', '--deeep'], /Did you mean --deep/],
    [['check', '--grace', 'soon'], /Expected a time such as/],
  ])('%j is answered with a hint', async (args, hint) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(hint);
  });
});
