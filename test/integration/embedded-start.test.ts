// `npm start` as a person meets it: found again after any end, and each fault one clear line.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { IntegrityReport } from '../../src/shared/report.ts';
import { freePort } from '../support/free-port.ts';
import { paddedImage, pngImage } from '../support/images.ts';
import {
  dataFolder,
  ownEnvironment,
  type StartedSystem,
  servedSha256,
  startScript,
  startSystem,
  uploadImage,
} from '../support/started-system.ts';
import { waitFor } from '../support/wait-for.ts';

let folder: Awaited<ReturnType<typeof dataFolder>>;
let system: StartedSystem | undefined;

beforeAll(async () => {
  folder = await dataFolder();
});

afterEach(async () => {
  await system?.end('SIGTERM');
  system = undefined;
});

afterAll(() => folder.remove());

/** A start that is expected to fail: its exit code and the one line it says. */
async function failedStart(own: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await startScript('src/embedded/main.ts', [], ownEnvironment(own)).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr;
}

async function latestStatus(apiUrl: string): Promise<string | undefined> {
  const answer = await fetch(`${apiUrl}/api/integrity/`);
  return ((await answer.json()) as { latest: IntegrityReport | null }).latest?.status;
}

function postmasterPid(): number {
  return Number(readFileSync(path.join(folder.path, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm start', () => {
  test('serves every acknowledged image byte for byte after SIGKILL of the whole group', async () => {
    system = await startSystem(folder.path);
    const { run } = system;
    const images = [
      await uploadImage(run.apiUrl, pngImage({ width: 40, height: 30, seed: 1 })),
      await uploadImage(run.apiUrl, paddedImage('image/jpeg', 12_000_000, 2), 'large.jpg'),
    ];
    await system.end('SIGKILL', 'group');
    system = await startSystem(folder.path);
    for (const image of images) expect(await servedSha256(system.run.apiUrl, image)).toBe(image.sha256);
    expect((await stat(path.join(folder.path, 'run.json'))).mode & 0o777).toBe(0o600);
    expect(system.said().stdout).toContain('2 objects');
  });

  test('refuses a second start on the same folder, and names the first', async () => {
    system = await startSystem(folder.path);
    const said = await failedStart({ KEEPSAKE_DATA: folder.path });
    expect(said).toContain(`process ${system.child.pid}`);
    expect(said).toContain(system.run.apiUrl);
  });

  test('stops a Postgres that outlived its parent, and starts on its data', async () => {
    system = await startSystem(folder.path);
    const orphan = postmasterPid();
    await system.end('SIGKILL', 'process');
    expect(isAlive(orphan)).toBe(true);
    system = await startSystem(folder.path);
    expect(postmasterPid()).not.toBe(orphan);
    expect(isAlive(orphan)).toBe(false);
  });

  test('takes a postmaster.pid for stale that names a living stranger', async () => {
    const file = path.join(folder.path, 'postgres/postmaster.pid');
    await writeFile(file, `${process.pid}\n${path.join(folder.path, 'postgres')}\n1\n1\n\n127.0.0.1\n0 0\nready\n`);
    system = await startSystem(folder.path);
    expect(postmasterPid()).not.toBe(process.pid);
  });

  test('leaves nobody behind on SIGTERM', async () => {
    system = await startSystem(folder.path);
    const postgres = postmasterPid();
    const { code } = await system.end('SIGTERM');
    expect(code).toBe(0);
    expect(isAlive(postgres)).toBe(false);
    expect(existsSync(path.join(folder.path, 'run.json'))).toBe(false);
    await expect(fetch(system.run.s3Url ?? '')).rejects.toThrow();
  });

  test('says at once that the store came up empty although Postgres knows images', async () => {
    await rm(path.join(folder.path, 'keeper'), { recursive: true });
    const started = await startSystem(folder.path);
    system = started;
    await waitFor('a suspicious report', async () => (await latestStatus(started.run.apiUrl)) === 'Suspicious');
    await waitFor('the terminal to say so', () => started.said().stdout.includes('Suspicious'));
  });
});

describe('a start that fails', () => {
  test('names the taken port, its setting and who holds it', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await waitFor('the port', () => server.listening);
    const { port } = server.address() as net.AddressInfo;
    const data = { KEEPSAKE_DATA: path.join(folder.path, '../ports') };
    try {
      const holder = existsSync('/proc/net/tcp') ? `process ${process.pid}` : '';
      for (const setting of ['PORT', 'S3_PORT']) {
        const said = await failedStart({ ...data, [setting]: String(port) });
        expect(said).toContain(`port ${port} (${setting}) is taken`);
        expect(said).toContain(holder);
      }
    } finally {
      server.close();
    }
  });

  test('names the folder that is not writable', async () => {
    const file = path.join(folder.path, '../file');
    await writeFile(file, 'not a folder');
    expect(await failedStart({ KEEPSAKE_DATA: path.join(file, 'data') })).toMatch(
      /data folder .*file\/data can't be used/,
    );
  });

  test('refuses a folder that another version wrote, and leaves it alone', async () => {
    const other = path.join(folder.path, '../other');
    await mkdir(other);
    await writeFile(path.join(other, 'format.json'), '{"format":99}');
    expect(await failedStart({ KEEPSAKE_DATA: other })).toContain('got format 99');
    expect(await readFile(path.join(other, 'format.json'), 'utf8')).toBe('{"format":99}');
  });

  test('names a wrong database password without showing it', async () => {
    const url = new URL(inject('databaseUrl'));
    url.password = 'not-the-password';
    const said = await failedStart({ KEEPSAKE_DATA: path.join(folder.path, '../given'), DATABASE_URL: url.href });
    expect(said).toMatch(/Postgres refused access.*password/);
    expect(said).not.toContain('not-the-password');
  });

  test('names the S3 that does not answer', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const said = await failedStart({
      KEEPSAKE_DATA: path.join(folder.path, '../given'),
      DATABASE_URL: inject('databaseUrl'),
      AWS_S3_ENDPOINT_URL: endpoint,
    });
    expect(said).toMatch(/S3 can't be reached.*ECONNREFUSED.*AWS_S3_ENDPOINT_URL/);
  });

  test('names all settings that can not be used', async () => {
    const { code, stderr } = await startScript(
      'src/embedded/main.ts',
      [],
      ownEnvironment({ PORT: 'eighty', INTEGRITY_INTERVAL: 'often' }),
    ).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/PORT.*INTEGRITY_INTERVAL/s);
  });
});
