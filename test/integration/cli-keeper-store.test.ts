// The command line on a store's folder: what each command says and its exit code, as a script meets them.
import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyStore } from '../../src/keeper/store/tools/index.ts';
import type { KeeperStatus } from '../../src/shared/keeper-api.ts';
import { type Ended, keepsake } from '../support/started-system.ts';

let folder: string;
const at = (...names: readonly string[]): string => path.join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-cli-store-'));
  await cp(path.resolve(import.meta.dirname, '../fixtures/keeper-store-format-1/store'), at('store'), {
    recursive: true,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]): Promise<Ended> => keepsake(['keeper', ...args], { KEEPER_DATA: at('store') });

test('inspect and verify: 0 for a sound store, 1 for a damaged one, 2 where there is none', async () => {
  const inspected = await run('inspect', '--json');
  expect([inspected.code, JSON.parse(inspected.stdout)]).toMatchObject([0, { counts: { objects: 5 }, format: 1 }]);
  await cp(at('store'), at('hurt'), { recursive: true });
  for (const name of await readdir(at('hurt', 'bodies'))) await truncate(at('hurt', 'bodies', name), 10);
  const hurt = await run('verify', '--data', at('hurt'));
  expect([hurt.code, hurt.stdout]).toEqual([1, expect.stringMatching(/✗ photos\/large: its file is cut short/)]);
  const none = await run('verify', '--data', at('none'));
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/no keeper's store in .*Name the folder/)]);
});

test('an export goes to stdout and nothing else with it; from a file it is imported, and the store verifies', async () => {
  const exported = await run('export', '-');
  expect(exported.stdout.startsWith('keepsake-export.json')).toBe(true);
  expect([exported.code, exported.stderr]).toEqual([0, expect.stringMatching(/5 objects, 138\.2 KiB, of 1 bucket/)]);
  expect(await run('export', at('objects.tar'))).toMatchObject({ code: 0 });
  const imported = await run('import', at('objects.tar'), '--data', at('imported'), '--json');
  expect([imported.code, JSON.parse(imported.stdout)]).toMatchObject([0, { imported: 5, unchanged: 0 }]);
  expect(await verifyStore(at('imported'))).toMatchObject({ damaged: 0, rows: 6 });
});

test('a backup is made, read back and compared', async () => {
  const { code, stdout } = await run('backup', at('backup'));
  expect([code, stdout]).toEqual([0, expect.stringMatching(/10 rows, 134\.4 KiB, read back and compared/)]);
});

test('status shows how far a restore is, what is left of the disk, and what waits', async () => {
  const status: KeeperStatus = {
    version: '9.9.9',
    state: 'restoring',
    storeId: 'store',
    storeCreatedAt: '2026-01-01T00:00:00.000Z',
    session: null,
    upstream: 'http://127.0.0.1:4567',
    restore: {
      objectsDone: 250,
      objectsTotal: 1000,
      bytesDone: 1,
      bytesTotal: 2,
      secondsLeft: 95,
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: null,
    },
    counts: { buckets: 1, objects: 1000, bytes: 2, retired: 0, retiredBytes: 0 },
    lag: { changes: 2, oldestChangeMs: 1500, commits: 0, oldestCommitMs: 0 },
    disk: { freeBytes: 64 * 1024 ** 2, totalBytes: 1024 ** 3, minFreeBytes: 128 * 1024 ** 2, isLow: true },
    damaged: [],
  };
  const server = http.createServer((_req, res) => {
    res.setHeader('x-keepsake-keeper', '9.9.9').end(JSON.stringify(status));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stdout } = await keepsake(['keeper', 'status'], {
    AWS_S3_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  });
  server.close();
  expect(code).toBe(1);
  expect(stdout).toContain('██████░░░░░░░░░░░░░░░░░░ 25 %, 250 of 1,000 objects, about 1 min 35 s left');
  expect(stdout).toContain('64.0 MiB of 1.0 GiB free: what needs space is refused below 128.0 MiB');
  expect(stdout).toContain('2 changes under way, the oldest for 1.5 s');
});
